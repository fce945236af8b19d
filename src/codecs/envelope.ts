/**
 * Envelopes, in which codecs store their output instead of the value.
 *
 * @since 0.1.0
 */

import type { Value } from "../Value.ts"
import { maxTextLength } from "../value/jsonProblem.ts"

/**
 * The form in which the output of a codec is stored: `"json"`, which py-key-value reads and writes, or `"binary"`,
 * which takes less than half of the bytes. Codecs read both forms.
 *
 * @since 0.1.0
 */
export type Envelope = "json" | "binary"

/** The names of the envelopes. */
export const envelopes: ReadonlyArray<Envelope> = ["json", "binary"]

/**
 * The maximum number of bytes in a JSON envelope, which encodes them as base64: about 383 MiB.
 *
 * @since 0.1.0
 */
export const maxEnvelopeBytes = Math.floor((maxTextLength - 1024) / 4) * 3

/**
 * The output of a codec is too large for its envelope. Sizes are in bytes.
 *
 * @since 0.1.0
 */
export interface TooLarge {
  readonly size: number
  readonly maxSize: number
}

/**
 * Returns the value if it is an object with exactly the given fields, otherwise `undefined`.
 *
 * **Details**
 *
 * Envelopes of compressed values are recognized in this way, so that a value of the application may contain one of the
 * fields.
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
