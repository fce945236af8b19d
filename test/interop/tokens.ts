/** Changes JSON text from Python token by token. */
import * as python from "./python.ts"

/** Matches strings, so that they are skipped, and numbers, including Python's names for some. */
const token = /"(?:[^"\\]|\\.)*"|-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|Infinity)/g

const replaceNumbers = (text: string, replace: (number: string) => string): string =>
  text.replace(token, (found) => (found.startsWith('"') ? found : replace(found)))

const isFloat = (number: string): boolean => /[.eE]/.test(number)

/** Writes floats without a fraction as integers, because JavaScript cannot tell them apart. */
export const withIntegers = (text: string): string =>
  replaceNumbers(text, (number) =>
    isFloat(number) && Number.isSafeInteger(Number(number)) && !Object.is(Number(number), -0)
      ? String(Number(number))
      : number
  )

export const hasNonFinite = (text: string): boolean => {
  let found = false
  replaceNumbers(text, (number) => {
    found ||= /[NI]/.test(number)
    return number
  })
  return found
}

/** Whether the text has an integer `-0`. */
export const hasMinusZero = (text: string): boolean => {
  let found = false
  replaceNumbers(text, (number) => {
    found ||= number === "-0"
    return number
  })
  return found
}

/** Replaces the times of an entry, in microseconds since the epoch. */
const replaceTimes = (
  entry: string,
  replace: (created: bigint, expires: bigint | undefined) => readonly [created: bigint, expires: bigint | undefined]
): string => {
  const parsed = parse(entry)
  if (!python.isObject(parsed) || typeof parsed.created_at !== "string") return entry
  const { created_at, expires_at } = parsed
  const [created, expires] = replace(
    microsOf(created_at),
    typeof expires_at === "string" ? microsOf(expires_at) : undefined
  )
  const written = entry.replace(`"created_at": "${created_at}"`, `"created_at": "${isoOf(created)}"`)
  return expires === undefined
    ? written
    : written.replace(`"expires_at": "${expires_at}"`, `"expires_at": "${isoOf(expires)}"`)
}

/** The entry with a TTL (in seconds) that is cut off to whole milliseconds. */
export const withWholeTtl = (entry: string, ttl: number | null): string =>
  replaceTimes(entry, (created, expires) => {
    const isCut = ttl !== null && expires !== undefined && !Number.isInteger(ttl * 1000)
    const isOfTtl = isCut && Math.abs(Number(expires - created) - ttl * 1e6) <= 1
    return [created, isOfTtl ? created + BigInt(Math.floor(ttl * 1000)) * 1000n : expires]
  })

/** The entry with times that are rounded to a 64-bit float of milliseconds. */
export const withTimesOfFloats = (entry: string): string =>
  replaceTimes(entry, (created, expires) => {
    const near = nearest(created)
    return [near, expires && nearest(expires - created + near)]
  })

/** Rounds a time to a 64-bit float of milliseconds. */
const nearest = (micros: bigint): bigint => {
  const float = Number(micros) / 1000
  const whole = Math.floor(float)
  return BigInt(whole) * 1000n + BigInt(Math.round((float - whole) * 1000))
}

const microsOf = (iso: string): bigint => {
  const [whole = "", fraction = "0"] = iso.replace("+00:00", "").split(".")
  return BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(fraction)
}

const isoOf = (micros: bigint): string => {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const whole = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, 19)
  return `${whole}${fraction === 0n ? "" : `.${String(fraction).padStart(6, "0")}`}+00:00`
}

/** Parses text, with `null` for NaN and infinities. Returns `undefined` if it is not JSON. */
export const parse = (text: string | Uint8Array): unknown => {
  try {
    const json = typeof text === "string" ? text : python.textOf(text)
    return python.parse(replaceNumbers(json, (number) => (/[NI]/.test(number) ? "null" : number)))
  } catch {
    return undefined
  }
}
