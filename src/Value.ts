/**
 * What can be stored: any JSON value, or bytes.
 *
 * **Details**
 *
 * What was put is what is got. That holds for every JSON value (`-0`, lone surrogates and fields named `__proto__`
 * included) and for bytes. What JSON has no form for (`undefined`, `NaN`, `Date`, class instances, cycles, …) is
 * refused with a `SerializationError` that names the path, before anything is stored: give such types a schema with
 * `Collection`.
 *
 * A value is copied when it is put and when it is got, so that no store can be changed through a reference.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as bytes from "./internal/bytes.ts"
import * as json from "./internal/json.ts"
import * as jsonText from "./internal/jsonText.ts"
import * as utf8 from "./internal/utf8.ts"

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
export const maxDepth = json.maxDepth

/**
 * A value on its way through a stack: validated, detached from the caller's object, and turned into JSON text at most
 * once.
 *
 * **Details**
 *
 * A payload is immutable. One that is passed to a driver may be kept by it; one that a driver returns belongs to the
 * caller, so a driver that keeps payloads returns a {@link Payload.copy}.
 *
 * @since 0.1.0
 */
export class Payload {
  /** `undefined` for JSON that is there as text only, and for bytes that are in pieces. */
  private decoded: Value | undefined
  /** The text of JSON, if it was made already, or the pieces of bytes. */
  private encoded: string | ReadonlyArray<Uint8Array> | undefined
  private readonly numbers: json.Numbers

  private constructor(
    decoded: Value | undefined,
    numbers: json.Numbers,
    encoded?: string | ReadonlyArray<Uint8Array> | undefined
  ) {
    this.decoded = decoded
    this.encoded = encoded
    this.numbers = numbers
  }

  /**
   * Validates and detaches a value that somebody else owns: by a copy, or with `asText` by turning it into text at once.
   * With `exact`, integers may be `bigint`s.
   */
  static from(value: unknown, options: FromOptions = {}): Result.Result<Payload, json.Problem> {
    if (value instanceof Uint8Array) return Result.succeed(Payload.bytes(Uint8Array.from(value)))
    const copier = new json.Copier(options.exact ?? false, options.asText ?? false)
    const copy = copier.copy(value, 0)
    if (copy === undefined) return Result.fail(copier.describe(value))
    if (!options.asText || typeof copy !== "object" || copy === null) {
      return Result.succeed(new Payload(copy, copier.numbers))
    }
    return copier.hasOwnForm
      ? Payload.from(value, { exact: options.exact })
      : Result.succeed(new Payload(undefined, copier.numbers, json.stringify(copy, copier.numbers)))
  }

  /**
   * Parses JSON text, and also the `NaN`, `Infinity` and `-Infinity` that Python writes. With `exact`, integers beyond
   * 2^53 become `bigint`s. Fails for what is nested deeper than {@link maxDepth}.
   */
  static parse(text: string, options?: ExactOption): Result.Result<Payload, unknown> {
    return Result.map(json.parse(text, options?.exact ?? false), Payload.parsed)
  }

  /** @internal Takes over what was parsed, or a part of it. */
  static parsed({ value, numbers }: json.Parsed): Payload {
    return new Payload(value, numbers)
  }

  /** Takes over JSON that nobody else holds, of finite numbers. */
  static json(value: Json, mayHaveNegativeZero = false): Payload {
    return new Payload(value, mayHaveNegativeZero ? "special" : "plain")
  }

  /** Takes over bytes that nobody else holds. */
  static bytes(value: Uint8Array): Payload {
    return new Payload(value, "plain")
  }

  /** Takes over bytes that nobody else holds, in pieces that are joined when they are asked for. */
  static pieces(pieces: ReadonlyArray<Uint8Array>): Payload {
    return new Payload(undefined, "plain", pieces)
  }

  get value(): Value {
    if (this.decoded === undefined) {
      this.decoded =
        typeof this.encoded === "string"
          ? json.parseUnsafe(this.encoded, this.numbers === "exact")
          : bytes.concat(this.encoded!)
    }
    return this.decoded
  }

  get isBytes(): boolean {
    return typeof this.encoded === "object" || this.decoded instanceof Uint8Array
  }

  /** The bytes, in as many pieces as they are in. */
  get pieces(): ReadonlyArray<Uint8Array> {
    return typeof this.encoded === "object" ? this.encoded : [this.value as Uint8Array]
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

  /** The JSON text, compact and in the order of the fields. Made once. */
  get text(): string {
    if (typeof this.encoded !== "string") this.encoded = json.stringify(this.decoded as Json, this.numbers)
    return this.encoded
  }

  /** The JSON text to the letter as Python's `json.dumps(value, sort_keys=True)` has it. */
  get pythonText(): string {
    return jsonText.write(this.value as Json, { python: true, exact: this.numbers === "exact" })
  }

  /** Bytes as stored: those of the UTF-8 JSON text, or the bytes themselves. */
  get size(): number {
    return this.isBytes ? bytes.lengthOf(this.pieces) : utf8.length(this.text)
  }

  /**
   * The same value in one form only, and its `size` if it is wanted: for a driver that keeps payloads in memory, and is not to
   * keep text beside the value.
   */
  settle(measured: boolean): { readonly payload: Payload; readonly size: number } {
    const { isBytes, value, numbers } = this
    const text = typeof this.encoded === "string" ? this.encoded : undefined
    const size = !measured
      ? 0
      : isBytes
        ? (value as Uint8Array).length
        : utf8.length(text ?? json.stringify(value as Json, numbers))
    return { payload: this.encoded === undefined ? this : new Payload(value, numbers), size }
  }

  /** The same value in objects of its own. */
  copy(): Payload {
    return new Payload(copy(this.value), this.numbers, typeof this.encoded === "string" ? this.encoded : undefined)
  }
}

/**
 * The same value in objects of its own.
 *
 * @since 0.1.0
 */
export const copy = (value: Value): Value => (value instanceof Uint8Array ? Uint8Array.from(value) : json.clone(value))

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
  /** Whether the value is wanted as text: it is not copied then. Default: false. */
  readonly asText?: boolean | undefined
}
