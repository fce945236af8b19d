/**
 * Times as py-key-value writes them: ISO 8601 in UTC, `2026-11-23T02:22:49.382000+00:00`, with six digits of fraction
 * or none.
 *
 * @since 0.1.0
 */

/**
 * Milliseconds since the epoch, to the microsecond, as text.
 *
 * @since 0.1.0
 */
export const format = (millis: number): string => {
  if (millis > lastMillisecond) return "9999-12-31T23:59:59.999999+00:00"
  if (millis < firstMillisecond) return "0001-01-01T00:00:00+00:00"
  const whole = Number.isInteger(millis) ? millis : Math.floor(Math.round(millis * 1000) / 1000)
  const iso = new Date(whole).toISOString()
  const micros = whole === millis ? "000" : String(Math.round((millis - whole) * 1000)).padStart(3, "0")
  const fraction = iso.slice(20, 23) + micros
  return fraction === "000000" ? `${iso.slice(0, 19)}+00:00` : `${iso.slice(0, 20)}${fraction}+00:00`
}

/** Of the year 9999. A fraction of a millisecond more, and a float may be in the year 10000, which the format has not. */
const lastMillisecond = 253_402_300_799_999

/** Of the year 1. */
const firstMillisecond = -62_135_596_800_000

/** What `format` writes; and with milliseconds only, with `Z`, without an offset. */
const usual = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}(\d{3})?)?(\+00:00|Z)?$/

/** What Python 3.11's `fromisoformat` takes beside weeks: the basic format, dates alone, fewer parts, any offset. */
const any = new RegExp(
  "^(\\d{4})(-?)(\\d\\d)\\2(\\d\\d)" +
    "(?:.(\\d\\d)(?:(:?)(\\d\\d)(?:\\6(\\d\\d)(?:[.,](\\d*))?)?)?" +
    " ?(Z|[+-]\\d\\d(?::?\\d\\d(?::?\\d\\d(?:\\.\\d+)?)?)?)?)?$",
  "su"
)

/**
 * Text as milliseconds since the epoch, cut off below the microsecond. A time without an offset is read as UTC if
 * `naive` is allowed. `undefined` when it is not a time.
 *
 * **Details**
 *
 * Takes what Python 3.11's `datetime.fromisoformat` takes, except for weeks (`2026-W48-1`).
 *
 * @since 0.1.0
 */
export const parse = (text: string, options?: { readonly naive?: boolean }): number | undefined => {
  const match = usual.exec(text)
  if (match === null) return parseAny(text, options?.naive ?? false)
  const [, micros, zone] = match
  if (zone === undefined && !options?.naive) return undefined
  const millis = utc(zone === undefined ? `${text}Z` : text)
  return micros === undefined || millis === undefined ? millis : millis + Number(micros) / 1000
}

const parseAny = (text: string, naive: boolean): number | undefined => {
  const match = any.exec(text)
  if (match === null) return undefined
  const [, year, , month, day, hour = "00", , minute = "00", second = "00", fraction = "", zone] = match
  const offset = zone === undefined ? (naive ? 0 : undefined) : offsetOf(zone)
  const millis = utc(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (millis === undefined || offset === undefined) return undefined
  return millis - offset + Number(fraction.slice(0, 6).padEnd(6, "0")) / 1000
}

/** Milliseconds of a time in UTC, if there is such a time. Digits below the millisecond are left out. */
const utc = (text: string): number | undefined => {
  const millis = Date.parse(text)
  if (Number.isNaN(millis) || text.startsWith("0000") || text.startsWith("24", 11)) return undefined
  // The 30th of February is the 2nd of March to `Date`.
  const day = text.slice(8, 10)
  return day <= "28" || new Date(millis).getUTCDate() === Number(day) ? millis : undefined
}

/** Milliseconds of `Z`, `+02`, `-0530`, `+02:00:30.5`: less than a day. */
const offsetOf = (zone: string): number | undefined => {
  if (zone === "Z") return 0
  const [hours = 0, minutes = 0, seconds = 0] = zone
    .slice(1)
    .replaceAll(":", "")
    .match(/\d\d(?:\.\d+)?/g)!
    .map(Number)
  const millis = ((hours * 60 + minutes) * 60 + seconds) * 1000
  return millis < 86_400_000 ? (zone.startsWith("-") ? -millis : millis) : undefined
}
