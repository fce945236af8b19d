/**
 * What codecs put in the place of a value.
 *
 * @since 0.1.0
 */

import type { Value } from "../Value.ts"
import { maxTextLength } from "../value/jsonProblem.ts"

/**
 * How a codec's output is stored: as JSON, which py-key-value reads and writes, or as `"binary"`, in less than half of
 * the bytes. Either is read, whatever is written.
 *
 * @since 0.1.0
 */
export type Envelope = "json" | "binary"

/** The envelopes, by name. */
export const envelopes: ReadonlyArray<Envelope> = ["json", "binary"]

/**
 * The most bytes that fit into a JSON envelope as base64: about 383 MiB.
 *
 * @since 0.1.0
 */
export const maxEnvelopeBytes = Math.floor((maxTextLength - 1024) / 4) * 3

/**
 * What a codec made is larger than its envelope can hold. Sizes are bytes.
 *
 * @since 0.1.0
 */
export interface TooLarge {
  readonly size: number
  readonly maxSize: number
}

/**
 * The value as an object, if it has the named fields and no others.
 *
 * **Details**
 *
 * This is how envelopes of compressed values are recognised: by exactly their fields, so that a value of the application
 * that has one of them is still just a value.
 *
 * @since 0.1.0
 */
export const matchFields = <const Fields extends ReadonlyArray<string>>(
  value: Value,
  fields: Fields
): Readonly<Record<Fields[number], unknown>> | undefined =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(value).length === fields.length &&
  fields.every((field) => Object.hasOwn(value, field))
    ? (value as Record<Fields[number], unknown>)
    : undefined
