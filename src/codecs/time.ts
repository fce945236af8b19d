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
  const micros = whole === millis ? 0 : Math.round((millis - whole) * 1000)
  const inMinute = ((whole % minute) + minute) % minute
  const seconds = `${textOfMinute(whole - inMinute)}${padded(Math.floor(inMinute / 1000), 2)}`
  const fraction = padded((inMinute % 1000) * 1000 + micros, 6)
  return fraction === "000000" ? `${seconds}+00:00` : `${seconds}.${fraction}+00:00`
}

const padded = (number: number, length: number): string => String(number).padStart(length, "0")

const minute = 60_000

/** Texts of recent minutes: `toISOString` for each time makes `format` five times slower. */
const recentMinutes = new Map<number, string>()
const maxRecentMinutes = 1000

/** `2026-11-23T02:22:` */
const textOfMinute = (start: number): string => {
  let text = recentMinutes.get(start)
  if (text === undefined) {
    if (recentMinutes.size === maxRecentMinutes) recentMinutes.clear()
    recentMinutes.set(start, (text = new Date(start).toISOString().slice(0, 17)))
  }
  return text
}

/** The last whole millisecond of the year 9999: the format has no year 10000. */
const lastMillisecond = 253_402_300_799_999

/** The first millisecond of the year 1. */
const firstMillisecond = -62_135_596_800_000

/** Everything that Python 3.11's `fromisoformat` reads except weeks: the basic format, dates alone, fewer parts, any offset. */
const anyFormat = new RegExp(
  "^(\\d{4})(-?)(\\d\\d)\\2(\\d\\d)" +
    "(?:.(\\d\\d)(?:(:?)(\\d\\d)(?:\\6(\\d\\d)(?:[.,](\\d*))?)?)?" +
    " ?(Z|[+-]\\d\\d(?::?\\d\\d(?::?\\d\\d(?:\\.\\d+)?)?)?)?)?$",
  "su"
)

/**
 * Text as milliseconds since the epoch, cut off below the microsecond. With `naive`, a time without an offset is read as
 * UTC. `undefined` if it is not a time.
 *
 * **Details**
 *
 * Reads what Python 3.11's `datetime.fromisoformat` reads, except for weeks (`2026-W48-1`).
 *
 * @since 0.1.0
 */
export const parse = (text: string, options?: { readonly naive?: boolean }): number | undefined => {
  if (text === lastParsed.text) return lastParsed.millis
  const millis = parseFormatted(text)
  if (millis === undefined) return parseAny(text, options?.naive ?? false)
  lastParsed = { text, millis }
  return millis
}

/** The entries of a batch have the same time: this takes a sixth off the time it takes to read each of them. */
let lastParsed = { text: "", millis: 0 }

/**
 * Reads what {@link format} writes when there is a fraction, by hand: three times as fast as `Date.parse`, eight times as
 * fast as {@link parseAny}. `undefined` for any other text, which may still be a time.
 */
const parseFormatted = (text: string): number | undefined => {
  if (text.length !== 32 || !isSeparated(text)) return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  const hour = digits(text, 11, 13)
  const minute = digits(text, 14, 16)
  const second = digits(text, 17, 19)
  const micros = digits(text, 20, 26)
  const isInRange =
    year >= 1000 && month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59 && micros >= 0
  if (!isInRange) return undefined
  const date = Date.UTC(year, month - 1, day)
  if (day > 28 && new Date(date).getUTCDate() !== day) return undefined
  return date + ((hour * 60 + minute) * 60 + second) * 1000 + Math.floor(micros / 1000) + (micros % 1000) / 1000
}

const isSeparated = (text: string): boolean =>
  text[4] === "-" &&
  text[7] === "-" &&
  text[10] === "T" &&
  text[13] === ":" &&
  text[16] === ":" &&
  text[19] === "." &&
  text.endsWith("+00:00")

/** `NaN` unless all of them are digits. */
const digits = (text: string, from: number, to: number): number => {
  let number = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

const parseAny = (text: string, naive: boolean): number | undefined => {
  const match = anyFormat.exec(text)
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
