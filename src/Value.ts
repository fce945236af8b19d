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
import * as json from "./internal/json.ts"
import { utf8Length } from "./internal/utf8.ts"

/**
 * Any JSON value. Numbers are finite.
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
  readonly value: Value
  private readonly negativeZero: boolean
  private encoded: string | undefined = undefined

  private constructor(value: Value, negativeZero: boolean) {
    this.value = value
    this.negativeZero = negativeZero
  }

  /** Validates and copies a value that somebody else owns. */
  static from(value: unknown): Result.Result<Payload, json.Problem> {
    if (value instanceof Uint8Array) return Result.succeed(Payload.bytes(Uint8Array.from(value)))
    const copier = new json.Copier()
    const copy = copier.copy(value, 0)
    return copy === undefined
      ? Result.fail(copier.describe(value))
      : Result.succeed(new Payload(copy, copier.negativeZero))
  }

  /** Parses JSON text. */
  static parse(text: string): Result.Result<Payload, unknown> {
    return Result.map(json.parse(text), (value) => Payload.json(value, json.mayHaveNegativeZero(text)))
  }

  /** Takes over JSON that nobody else holds. */
  static json(value: Json, mayHaveNegativeZero = false): Payload {
    return new Payload(value, mayHaveNegativeZero)
  }

  /** Takes over bytes that nobody else holds. */
  static bytes(value: Uint8Array): Payload {
    return new Payload(value, false)
  }

  get isBytes(): boolean {
    return this.value instanceof Uint8Array
  }

  /** The JSON text, compact and in the order of the fields. Made once. */
  get text(): string {
    return (this.encoded ??= json.stringify(this.value as Json, this.negativeZero))
  }

  /** Bytes as stored: those of the UTF-8 JSON text, or the bytes themselves. */
  get size(): number {
    return this.value instanceof Uint8Array ? this.value.length : utf8Length(this.text)
  }

  /** The same value in objects of its own. */
  copy(): Payload {
    return new Payload(
      this.value instanceof Uint8Array ? Uint8Array.from(this.value) : json.clone(this.value),
      this.negativeZero
    )
  }
}
