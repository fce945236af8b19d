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
 * A `Uint8Array` of another realm (an iframe, jsdom, `node:vm`), a `Buffer` and an `ArrayBuffer` are bytes, too; what is
 * got is a `Uint8Array`. Other typed arrays are refused, since their bytes depend on the machine.
 *
 * A value is copied when it is put and when it is got, so that no store can be changed through a reference. Its accessors
 * are read once. One that throws, bytes whose buffer was transferred, and JSON of more than 535,822,312 characters
 * (511 MiB, about V8's longest string) are refused in the same way.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as bytes from "./value/bytes.ts"
import * as json from "./value/json.ts"
import { faultOf, type Problem } from "./value/jsonProblem.ts"
import * as jsonText from "./value/jsonText.ts"
import * as utf8 from "./value/utf8.ts"

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

/** A text that was parsed, and the field of what it says that is the value, if not the whole. */
interface Source {
  readonly text: string
  readonly field: string | undefined
}

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
  /** What it was parsed from, where that may have rounded integers. */
  private readonly source: Source | undefined

  private constructor(
    decoded: Value | undefined,
    numbers: json.Numbers,
    encoded?: string | ReadonlyArray<Uint8Array> | undefined,
    source?: Source | undefined
  ) {
    this.decoded = decoded
    this.encoded = encoded
    this.numbers = numbers
    this.source = source
  }

  /**
   * Validates and detaches a value that somebody else owns: by a copy, which with `asText` is turned into text at once.
   * With `exact`, integers may be `bigint`s. Each accessor of the value is read once; one that throws is the problem.
   */
  static from(value: unknown, options: FromOptions = {}): Result.Result<Payload, Problem> {
    if (bytes.isBytes(value)) return ofBytes(value)
    const copier = new json.Copier(options.exact ?? false)
    const copied = Result.try(() => copier.copy(value, 0))
    if (Result.isFailure(copied)) return Result.fail(thrownBy(value, copied.failure))
    const copy = copied.success
    if (copy === undefined) return bytes.isBuffer(value) ? ofBytes(value) : Result.fail(refusedBy(copier, value))
    if (copier.isTooLong) return Result.fail(json.tooLong)
    const isText = options.asText === true && typeof copy === "object" && copy !== null
    if (!isText && !copier.mayBeTooLong) return Result.succeed(new Payload(copy, copier.numbers))
    return Result.map(json.tryStringify(copy, copier.numbers), (text) =>
      isText ? new Payload(undefined, copier.numbers, text) : new Payload(copy, copier.numbers)
    )
  }

  /**
   * Parses JSON text, and also the `NaN`, `Infinity` and `-Infinity` that Python writes. With `exact`, integers beyond
   * 2^53 become `bigint`s. Fails for what is nested deeper than {@link maxDepth}.
   */
  static parse(text: string, options?: ExactOption): Result.Result<Payload, unknown> {
    return Result.map(json.parse(text, options?.exact ?? false), (parsed) => Payload.parsed(parsed))
  }

  /** @internal Takes over what was parsed, or, with `field`, what is in this field of it. */
  static parsed({ value, numbers, source }: json.Parsed, field?: string): Payload {
    return new Payload(value, numbers, undefined, source === undefined ? undefined : { text: source, field })
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

  /**
   * The value as the application of a stack reads it: integers beyond 2^53 are `bigint`s if the stack is exact
   * (`Driver.exactIntegers`), also those of a store that rounds them in {@link Payload.value}, and the nearest `number` if it is not.
   */
  valueFor(exact: boolean | undefined): Value {
    if (exact) return this.exactly ?? this.value
    return this.numbers === "exact" ? json.rounded(this.value as Json) : this.value
  }

  /** The value as its source has it, if `value` may be a rounded one. */
  private get exactly(): Json | undefined {
    const { source } = this
    const parsed = source === undefined ? undefined : json.parseExactly(source.text)
    return parsed === undefined || source?.field === undefined ? parsed : (parsed as Record<string, Json>)[source.field]
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

  /** The JSON text, compact and in the order of the fields, with integers as they were read. Made once. */
  get text(): string {
    if (typeof this.encoded !== "string") {
      const { exactly } = this
      this.encoded =
        exactly === undefined ? json.stringify(this.decoded as Json, this.numbers) : json.stringify(exactly, "exact")
    }
    return this.encoded
  }

  /** The JSON text to the letter as Python's `json.dumps(value, sort_keys=True)` has it. */
  get pythonText(): string {
    const { exactly } = this
    return exactly === undefined
      ? jsonText.write(this.value as Json, { python: true, exact: this.numbers === "exact" })
      : jsonText.write(exactly, { python: true, exact: true })
  }

  /** Bytes as stored: those of the UTF-8 JSON text, or the bytes themselves. */
  get size(): number {
    return this.isBytes ? bytes.lengthOf(this.pieces) : utf8.length(this.text)
  }

  /** Whether {@link Payload.size} is above a limit, without counting the bytes of a text that is far from it. */
  sizeIsAbove(limit: number): boolean {
    if (typeof this.encoded === "string" && 3 * this.encoded.length <= limit) return false
    return this.size > limit
  }

  /**
   * The same value in one form only, and its `size` if it is wanted: for a driver that keeps payloads in memory, and is not to
   * keep a text beside the value, be it its own or the one that it was parsed from.
   */
  settle(measured: boolean): { readonly payload: Payload; readonly size: number } {
    const payload = this.withoutSource
    const { encoded, isBytes, value, numbers } = payload
    const size = !measured
      ? 0
      : isBytes
        ? (value as Uint8Array).length
        : utf8.length(typeof encoded === "string" ? encoded : json.stringify(value as Json, numbers))
    return { payload: encoded === undefined ? payload : new Payload(value, numbers), size }
  }

  /** The same value in objects of its own. */
  copy(): Payload {
    const text = typeof this.encoded === "string" ? this.encoded : undefined
    return new Payload(copy(this.value), this.numbers, text, this.source)
  }

  private get withoutSource(): Payload {
    if (this.source === undefined) return this
    const { exactly } = this
    return exactly === undefined
      ? new Payload(this.decoded, this.numbers, this.encoded)
      : new Payload(exactly, "exact", this.encoded)
  }
}

/** The most bytes that Node reads from a file at once, less 1 MiB for what a store writes beside the value. */
const maxBytes = 2 ** 31 - 2 ** 20

const ofBytes = (value: Uint8Array | ArrayBuffer): Result.Result<Payload, Problem> => {
  if (value.byteLength > maxBytes) return Result.fail({ path: "$", reason: `more than ${maxBytes} bytes` })
  return Result.try({
    try: () => Payload.bytes(new Uint8Array(bytes.isBytes(value) ? value : new Uint8Array(value))),
    catch: (cause) => ({ path: "$", reason: "bytes whose buffer was transferred or has shrunk", cause })
  })
}

const refusedBy = (copier: json.Copier, value: unknown): Problem =>
  Result.merge(
    Result.try({
      try: () => copier.describe(value),
      catch: (cause) => thrownBy(value, cause)
    })
  )

const thrownBy = (value: unknown, cause: unknown): Problem =>
  faultOf(value) ?? { path: "$", reason: "it throws when it is read", cause }

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
