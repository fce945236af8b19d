/**
 * Times in the format of py-key-value: ISO 8601 in UTC, such as `2026-11-23T02:22:49.382000+00:00`, with a fraction of
 * six digits or none.
 *
 * @since 0.1.0
 */

/**
 * Formats milliseconds since the epoch, with a precision of one microsecond.
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

/** A cache of formatted minutes. Calling `toISOString` for each time would make `format` five times slower. */
const recentMinutes = new Map<number, string>()
const maxRecentMinutes = 1000

/** Formats the start of a minute, such as `2026-11-23T02:22:`. */
const textOfMinute = (start: number): string => {
  let text = recentMinutes.get(start)
  if (text === undefined) {
    if (recentMinutes.size === maxRecentMinutes) recentMinutes.clear()
    recentMinutes.set(start, (text = new Date(start).toISOString().slice(0, 17)))
  }
  return text
}

/** The last whole millisecond of the year 9999. The format has no year 10000. */
const lastMillisecond = 253_402_300_799_999

/** The first millisecond of the year 1. */
const firstMillisecond = -62_135_596_800_000

/**
 * Matches the formats of Python 3.11's `fromisoformat`, except weeks: basic format, dates without a time, any offset.
 */
const anyFormat = new RegExp(
  "^(\\d{4})(-?)(\\d\\d)\\2(\\d\\d)" +
    "(?:.(\\d\\d)(?:(:?)(\\d\\d)(?:\\6(\\d\\d)(?:[.,](\\d*))?)?)?" +
    " ?(Z|[+-]\\d\\d(?::?\\d\\d(?::?\\d\\d(?:\\.\\d+)?)?)?)?)?$",
  "su"
)

/**
 * Parses a time as milliseconds since the epoch. Returns `undefined` if the text is not a time.
 *
 * **Details**
 *
 * Accepts the same formats as Python 3.11's `datetime.fromisoformat`, except weeks (`2026-W48-1`). Digits below the
 * microsecond are dropped. With `naive`, a time without an offset is read as UTC; otherwise it is not a time.
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

/** Entries of a batch have the same time. Remembering it makes reading each entry a sixth faster. */
let lastParsed = { text: "", millis: 0 }

/**
 * Parses the form with a fraction that {@link format} writes. Returns `undefined` for any other text. This is three
 * times as fast as `Date.parse`, and eight times as fast as {@link parseAny}.
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

/** Reads a number. Returns `NaN` if one of the characters is not a digit. */
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

/** Parses a time in UTC with whole seconds. Returns `undefined` if the date or time does not exist. */
const utc = (text: string): number | undefined => {
  const millis = Date.parse(text)
  if (Number.isNaN(millis) || text.startsWith("0000") || text.startsWith("24", 11)) return undefined
  // `Date` reads the 30th of February as the 2nd of March.
  const day = text.slice(8, 10)
  return day <= "28" || new Date(millis).getUTCDate() === Number(day) ? millis : undefined
}

/** Parses an offset such as `Z`, `+02`, `-0530` or `+02:00:30.5`. Returns `undefined` for a day or more. */
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
