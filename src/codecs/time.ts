/**
 * Times as py-key-value writes them: ISO 8601 in UTC, `2026-11-23T02:22:49.382000+00:00`, with six digits of fraction
 * or none.
 *
 * @since 0.1.0
 */

/**
 * Milliseconds since the epoch as text.
 *
 * @since 0.1.0
 */
export const format = (millis: number): string => {
  const iso = new Date(millis).toISOString()
  const fraction = iso.slice(20, 23)
  return fraction === "000" ? `${iso.slice(0, 19)}+00:00` : `${iso.slice(0, 23)}000+00:00`
}

const pattern = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/

/**
 * Text as milliseconds since the epoch, cut off below the millisecond. A time without an offset is read as UTC if
 * `naive` is allowed. `undefined` when it is not a time.
 *
 * @since 0.1.0
 */
export const parse = (text: string, options?: { readonly naive?: boolean }): number | undefined => {
  const match = pattern.exec(text)
  if (match === null || (match[1] === undefined && !options?.naive)) return undefined
  const millis = Date.parse(match[1] === undefined ? `${text}Z` : text)
  return Number.isNaN(millis) ? undefined : millis
}
