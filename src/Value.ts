/**
 * The values that you can store: any JSON value, or bytes.
 *
 * **Details**
 *
 * - `get` returns exactly the value that was put. This holds for bytes and for every JSON value, including `-0`, lone
 *   surrogates and fields named `__proto__`.
 * - A field that is `undefined` is left out, as in JSON. In an array, `undefined` is refused, because JSON would make it `null`.
 * - If JSON cannot express a value (`undefined`, `NaN`, `Date`, class instances, cycles, …), the write fails with a
 *   `SerializationError` that contains the path, and nothing is stored. Use `Collection` with a schema for such types.
 * - A `Uint8Array` of any realm (an iframe, jsdom, `node:vm`), a `Buffer` and an `ArrayBuffer` are bytes. `get` returns
 *   them as a `Uint8Array`. Other typed arrays fail with a `SerializationError`, because their bytes depend on the
 *   machine.
 * - `put` and `get` copy values: mutating a value afterwards does not change the store. Each accessor is read once.
 * - Writes also fail with a `SerializationError` for an accessor that throws, for bytes whose buffer was transferred,
 *   and for JSON of more than 535,822,312 characters (511 MiB, about the longest string of V8).
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
 * Any JSON value. Numbers are finite, except for `NaN` and infinities that py-key-value wrote.
 *
 * @since 0.1.0
 */
export type Json = Schema.Json

/**
 * Any JSON value, or bytes.
 *
 * @since 0.1.0
 */
export type Value = Json | Uint8Array

export type { NotJson, Storable } from "./value/storable.ts"

/**
 * The maximum depth of nested arrays and objects: 1,000 levels.
 *
 * @since 0.1.0
 */
export const maxDepth = maxJsonDepth

/**
 * The JSON text that a value was parsed from. The value is the given field of the text, or the whole text without one.
 */
interface Source {
  readonly text: string
  readonly field: string | undefined
}

/** Bytes in several pieces. The first piece of a frame is its header (see `codecs/frame.ts`). */
interface Pieces {
  readonly pieces: ReadonlyArray<Uint8Array>
  readonly isFrame: boolean
}

/**
 * A validated copy of a value, as drivers and wrappers pass it to each other. It is serialized at most once.
 *
 * **Details**
 *
 * A payload is immutable. A driver may keep the payloads that it receives. The caller owns the payloads that a driver
 * returns, so a driver that keeps payloads must return a {@link Payload.copy}.
 *
 * @since 0.1.0
 */
export class Payload {
  /** The value, or `undefined` until it is parsed or joined from `encoded`. */
  private decoded: Value | undefined
  /** The JSON text, if it is known, or bytes in pieces. */
  private encoded: string | Pieces | undefined
  private readonly numberKinds: json.NumberKinds
  /** Present if parsing may have rounded integers, which must be written unchanged. */
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
   * Validates and copies a value of the application. With `asText`, the value is serialized at once. With `exactIntegers`,
   * integers may be `bigint`s. Each accessor of the value is read once. Fails with the problem, even if an accessor
   * throws.
   */
  static from(value: unknown, options: FromOptions = {}): Result.Result<Payload, Problem> {
    const validated = validate(value, options.exactIntegers ?? false)
    if (Result.isFailure(validated)) return Result.fail(validated.failure)
    const { copy, numberKinds, mayBeTooLong } = validated.success
    const isText = options.asText === true && typeof copy === "object" && copy !== null && !bytes.isBytes(copy)
    if (!isText && !mayBeTooLong) return Result.succeed(new Payload(copy, numberKinds))
    return Result.map(json.tryStringify(copy as Json, numberKinds), (text) =>
      isText ? new Payload(undefined, numberKinds, text) : new Payload(copy, numberKinds)
    )
  }

  /**
   * Parses JSON text, including `NaN`, `Infinity` and `-Infinity`, which Python writes. With `exactIntegers`, integers beyond
   * 2^53 become `bigint`s. Fails if the value is nested deeper than {@link maxDepth}.
   */
  static parse(text: string, options?: ExactIntegersOption): Result.Result<Payload, unknown> {
    return Result.map(json.parse(text, options?.exactIntegers ?? false), (parsed) => Payload.parsed(parsed))
  }

  /** @internal Wraps a parsed value without a copy. With `field`, `value` is this field of the text. */
  static parsed({ value, numberKinds, source }: json.Parsed, field?: string): Payload {
    return new Payload(value, numberKinds, undefined, source === undefined ? undefined : { text: source, field })
  }

  /** Wraps JSON with finite numbers, without a copy. The caller must not use the value afterwards. */
  static json(value: Json, mayHaveNegativeZero = false): Payload {
    return new Payload(value, mayHaveNegativeZero ? "special" : "plain")
  }

  /** Wraps bytes, without a copy. The caller must not use them afterwards. */
  static bytes(value: Uint8Array): Payload {
    return new Payload(value, "plain")
  }

  /** Wraps bytes in pieces, which are joined when `value` is read. The caller must not use them afterwards. */
  static pieces(pieces: ReadonlyArray<Uint8Array>): Payload {
    return new Payload(undefined, "plain", { pieces, isFrame: false })
  }

  /** @internal Like {@link Payload.pieces}, but the first piece is the header of a frame. */
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
   * Returns the value for the application. With `exactIntegers`, integers beyond 2^53 are `bigint`s,
   * even if they are rounded in {@link Payload.value}. Without it, they are the nearest `number`.
   */
  toValue(exactIntegers: boolean | undefined): Value {
    if (exactIntegers) return this.unroundedValue ?? this.value
    return this.numberKinds === "exact" ? rounded(this.value as Json) : this.value
  }

  /** The value with exact integers, or `undefined` if parsing has rounded none. */
  private get unroundedValue(): Json | undefined {
    const { source } = this
    const parsed = source === undefined ? undefined : json.parseUnrounded(source.text)
    return parsed === undefined || source?.field === undefined ? parsed : (parsed as Record<string, Json>)[source.field]
  }

  get isBytes(): boolean {
    return typeof this.encoded === "object" || this.decoded instanceof Uint8Array
  }

  /** The bytes, in one or more pieces. */
  get pieces(): ReadonlyArray<Uint8Array> {
    return typeof this.encoded === "object" ? this.encoded.pieces : [this.value as Uint8Array]
  }

  /** @internal Whether {@link Payload.frame} made it, so that its first piece is the header. */
  get isFrame(): boolean {
    return typeof this.encoded === "object" && this.encoded.isFrame
  }

  /** Whether the value is a JSON object. */
  get isObject(): boolean {
    const { decoded, encoded } = this
    if (decoded === undefined) return typeof encoded === "string" && encoded.startsWith("{")
    return typeof decoded === "object" && decoded !== null && !Array.isArray(decoded) && !this.isBytes
  }

  /** Returns whether the value is a JSON object with this field. */
  hasField(name: string): boolean {
    const mayHave = typeof this.encoded !== "string" || this.encoded.includes(name)
    return mayHave && this.isObject && Object.hasOwn(this.value as object, name)
  }

  /** The compact JSON text, with the fields in their order and integers not rounded. It is made once. */
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

  /** The same JSON text that Python's `json.dumps(value, sort_keys=True)` writes. */
  get pythonText(): string {
    const { unroundedValue } = this
    return unroundedValue === undefined
      ? jsonText.write(this.value as Json, { python: true, exact: this.numberKinds === "exact" })
      : jsonText.write(unroundedValue, { python: true, exact: true })
  }

  /** The size in bytes: of the JSON text in UTF-8, or of the value if it is bytes. */
  get size(): number {
    return this.isBytes ? bytes.lengthOf(this.pieces) : utf8.length(this.text)
  }

  /** Returns whether {@link Payload.size} is above a limit. */
  sizeIsAbove(limit: number): boolean {
    // A UTF-16 unit takes at most three bytes, so most texts need no counting.
    if (typeof this.encoded === "string" && 3 * this.encoded.length <= limit) return false
    return this.size > limit
  }

  /**
   * Returns the same value without its JSON text, for a driver that keeps payloads in memory. With `measure`, `size` is
   * {@link Payload.size}, otherwise 0.
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

  /** Returns a deep copy. */
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
 * Returns a deep copy of a value.
 *
 * @since 0.1.0
 */
export const copy = (value: Value): Value => (value instanceof Uint8Array ? Uint8Array.from(value) : clone(value))

/**
 * Whether integers beyond 2^53 are `bigint`s instead of the nearest `number`. Default: false.
 *
 * @since 0.1.0
 */
export interface ExactIntegersOption {
  readonly exactIntegers?: boolean | undefined
}

/**
 * Options of {@link Payload.from}.
 *
 * @since 0.1.0
 */
export interface FromOptions extends ExactIntegersOption {
  /** Whether to serialize the value at once, instead of keeping a copy. Default: false. */
  readonly asText?: boolean | undefined
}
