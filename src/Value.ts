/**
 * The values that can be stored: any JSON value, or bytes.
 *
 * **Details**
 *
 * `get` returns exactly what was put, for every JSON value (`-0`, lone surrogates and fields named `__proto__` included) and
 * for bytes. A value that JSON cannot express (`undefined`, `NaN`, `Date`, class instances, cycles, …) fails with a
 * `SerializationError` that names the path, before anything is stored: give such types a schema with `Collection`.
 *
 * A `Uint8Array` of another realm (an iframe, jsdom, `node:vm`), a `Buffer` and an `ArrayBuffer` are bytes, too; `get` returns
 * a `Uint8Array`. Other typed arrays are refused, since their bytes depend on the machine.
 *
 * Values are copied by `put` and `get`: mutating one afterwards does not change the store. Accessors are read once. An
 * accessor that throws, bytes whose buffer was transferred, and JSON of more than 535,822,312 characters (511 MiB, about V8's
 * longest string) are refused in the same way.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as bytes from "./value/bytes.ts"
import * as json from "./value/json.ts"
import { clone, rounded } from "./value/jsonCopy.ts"
import { maxDepth as maxJsonDepth, type Problem } from "./value/jsonProblem.ts"
import * as jsonText from "./value/jsonText.ts"
import * as utf8 from "./value/utf8.ts"
import { validate } from "./value/validate.ts"

/**
 * Any JSON value. Numbers are finite, but for the `NaN` and infinities that py-key-value may have written.
 *
 * @since 0.1.0
 */
export type Json = Schema.Json

/**
 * Any JSON value, or bytes (which are stored as they are, never as base64).
 *
 * @since 0.1.0
 */
export type Value = Json | Uint8Array

/**
 * How deep arrays and objects may be nested: 1,000 levels.
 *
 * @since 0.1.0
 */
export const maxDepth = maxJsonDepth

/** The text that a value was parsed from. The value is one field of it, or, without `field`, the whole. */
interface Source {
  readonly text: string
  readonly field: string | undefined
}

/** Bytes in pieces. The first piece of a frame is its header (see `codecs/frame.ts`). */
interface Pieces {
  readonly pieces: ReadonlyArray<Uint8Array>
  readonly isFrame: boolean
}

/**
 * A value between the application and a store: validated, copied from the caller's object, and turned into JSON text at
 * most once.
 *
 * **Details**
 *
 * A payload is immutable. A driver may keep the payloads that it is given. The caller owns those that a driver returns, so a
 * driver that keeps payloads returns a {@link Payload.copy}.
 *
 * @since 0.1.0
 */
export class Payload {
  /** `undefined` until `value` is read from JSON text, or from bytes in pieces. */
  private decoded: Value | undefined
  /** The text of JSON once it was made, or bytes in pieces. */
  private encoded: string | Pieces | undefined
  private readonly numberKinds: json.NumberKinds
  /** Kept where parsing may have rounded integers, so that they can be written as they were. */
  private readonly source: Source | undefined

  private constructor(
    decoded: Value | undefined,
    numberKinds: json.NumberKinds,
    encoded?: string | Pieces | undefined,
    source?: Source | undefined
  ) {
    this.decoded = decoded
    this.encoded = encoded
    this.numberKinds = numberKinds
    this.source = source
  }

  /**
   * Validates and copies a value of the application; with `asText`, the copy is turned into text at once. With `exact`,
   * integers may be `bigint`s. Each accessor of the value is read once. Fails with the problem, also if an accessor throws.
   */
  static from(value: unknown, options: FromOptions = {}): Result.Result<Payload, Problem> {
    const validated = validate(value, options.exact ?? false)
    if (Result.isFailure(validated)) return Result.fail(validated.failure)
    const { copy, numberKinds, mayBeTooLong } = validated.success
    const isText = options.asText === true && typeof copy === "object" && copy !== null && !bytes.isBytes(copy)
    if (!isText && !mayBeTooLong) return Result.succeed(new Payload(copy, numberKinds))
    return Result.map(json.tryStringify(copy as Json, numberKinds), (text) =>
      isText ? new Payload(undefined, numberKinds, text) : new Payload(copy, numberKinds)
    )
  }

  /**
   * Parses JSON text, and also the `NaN`, `Infinity` and `-Infinity` that Python writes. With `exact`, integers beyond
   * 2^53 become `bigint`s. Fails for what is nested deeper than {@link maxDepth}.
   */
  static parse(text: string, options?: ExactOption): Result.Result<Payload, unknown> {
    return Result.map(json.parse(text, options?.exact ?? false), (parsed) => Payload.parsed(parsed))
  }

  /** @internal Takes over a parsed value. With `field`, `value` is this field of the text. */
  static parsed({ value, numberKinds, source }: json.Parsed, field?: string): Payload {
    return new Payload(value, numberKinds, undefined, source === undefined ? undefined : { text: source, field })
  }

  /** Takes over JSON with finite numbers. The caller must not keep it. */
  static json(value: Json, mayHaveNegativeZero = false): Payload {
    return new Payload(value, mayHaveNegativeZero ? "special" : "plain")
  }

  /** Takes over bytes. The caller must not keep them. */
  static bytes(value: Uint8Array): Payload {
    return new Payload(value, "plain")
  }

  /** Takes over bytes in pieces, which are joined when `value` is read. The caller must not keep them. */
  static pieces(pieces: ReadonlyArray<Uint8Array>): Payload {
    return new Payload(undefined, "plain", { pieces, isFrame: false })
  }

  /** @internal Like `pieces`, of which the first is the header of a frame. */
  static frame(pieces: ReadonlyArray<Uint8Array>): Payload {
    return new Payload(undefined, "plain", { pieces, isFrame: true })
  }

  get value(): Value {
    if (this.decoded === undefined) {
      this.decoded =
        typeof this.encoded === "string"
          ? json.parseUnsafe(this.encoded, this.numberKinds === "exact")
          : bytes.concat(this.encoded!.pieces)
    }
    return this.decoded
  }

  /**
   * The value as the application reads it. With `exact` (`Driver.exactIntegers`), integers beyond 2^53 are `bigint`s, even where
   * {@link Payload.value} has them rounded; without it, they are the nearest `number`.
   */
  toValue(exact: boolean | undefined): Value {
    if (exact) return this.unroundedValue ?? this.value
    return this.numberKinds === "exact" ? rounded(this.value as Json) : this.value
  }

  /** The value with the integers of its source, if `value` has rounded ones. */
  private get unroundedValue(): Json | undefined {
    const { source } = this
    const parsed = source === undefined ? undefined : json.parseUnrounded(source.text)
    return parsed === undefined || source?.field === undefined ? parsed : (parsed as Record<string, Json>)[source.field]
  }

  get isBytes(): boolean {
    return typeof this.encoded === "object" || this.decoded instanceof Uint8Array
  }

  /** The bytes, in one piece or more. */
  get pieces(): ReadonlyArray<Uint8Array> {
    return typeof this.encoded === "object" ? this.encoded.pieces : [this.value as Uint8Array]
  }

  /** @internal Whether it was made by {@link Payload.frame}, so that its first piece is the header. */
  get isFrame(): boolean {
    return typeof this.encoded === "object" && this.encoded.isFrame
  }

  /** Is it a JSON object? */
  get isObject(): boolean {
    const { decoded, encoded } = this
    if (decoded === undefined) return typeof encoded === "string" && encoded.startsWith("{")
    return typeof decoded === "object" && decoded !== null && !Array.isArray(decoded) && !this.isBytes
  }

  /** Is it a JSON object with this field? */
  hasField(name: string): boolean {
    const mayHave = typeof this.encoded !== "string" || this.encoded.includes(name)
    return mayHave && this.isObject && Object.hasOwn(this.value as object, name)
  }

  /** The JSON text, compact and in the order of the fields, with integers as they were read. Made once. */
  get text(): string {
    if (typeof this.encoded !== "string") {
      const { unroundedValue } = this
      this.encoded =
        unroundedValue === undefined
          ? json.stringify(this.decoded as Json, this.numberKinds)
          : json.stringify(unroundedValue, "exact")
    }
    return this.encoded
  }

  /** The JSON text to the letter as Python's `json.dumps(value, sort_keys=True)` has it. */
  get pythonText(): string {
    const { unroundedValue } = this
    return unroundedValue === undefined
      ? jsonText.write(this.value as Json, { python: true, exact: this.numberKinds === "exact" })
      : jsonText.write(unroundedValue, { python: true, exact: true })
  }

  /** How many bytes the UTF-8 JSON text has, or the value itself if it is bytes. */
  get size(): number {
    return this.isBytes ? bytes.lengthOf(this.pieces) : utf8.length(this.text)
  }

  /** Whether {@link Payload.size} is above a limit. */
  sizeIsAbove(limit: number): boolean {
    // A UTF-16 unit is three bytes at most, so that most texts need no counting.
    if (typeof this.encoded === "string" && 3 * this.encoded.length <= limit) return false
    return this.size > limit
  }

  /**
   * The same value without any text beside it, for a driver that keeps payloads in memory. With `measure`, `size` is
   * {@link Payload.size}, else 0.
   */
  withoutText(measure: boolean): { readonly payload: Payload; readonly size: number } {
    const payload = this.withoutSource
    const { encoded, isBytes, value, numberKinds } = payload
    const size = !measure
      ? 0
      : isBytes
        ? (value as Uint8Array).length
        : utf8.length(typeof encoded === "string" ? encoded : json.stringify(value as Json, numberKinds))
    return { payload: encoded === undefined ? payload : new Payload(value, numberKinds), size }
  }

  /** The same value in objects of its own. */
  copy(): Payload {
    const text = typeof this.encoded === "string" ? this.encoded : undefined
    return new Payload(copy(this.value), this.numberKinds, text, this.source)
  }

  private get withoutSource(): Payload {
    if (this.source === undefined) return this
    const { unroundedValue } = this
    return unroundedValue === undefined
      ? new Payload(this.decoded, this.numberKinds, this.encoded)
      : new Payload(unroundedValue, "exact", this.encoded)
  }
}

/**
 * The same value in objects of its own.
 *
 * @since 0.1.0
 */
export const copy = (value: Value): Value => (value instanceof Uint8Array ? Uint8Array.from(value) : clone(value))

/**
 * Whether integers beyond 2^53 are `bigint`s. Default: false, they are the nearest `number`.
 *
 * @since 0.1.0
 */
export interface ExactOption {
  readonly exact?: boolean | undefined
}

/**
 * Options of {@link Payload.from}.
 *
 * @since 0.1.0
 */
export interface FromOptions extends ExactOption {
  /** Whether to turn the value into JSON text at once and keep no copy. Default: false. */
  readonly asText?: boolean | undefined
}
