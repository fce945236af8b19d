/** JSON text that `JSON.stringify` cannot write: special numbers, and the format of Python. */
import type { Json } from "effect/Schema"

export interface Style {
  /**
   * Writes like Python's `json.dumps(value, sort_keys=True)`: sorted fields, ASCII, spaces after `,` and `:`, and its
   * floats.
   */
  readonly python: boolean
  /** Integers beyond 2^53 are `bigint`s. So a `number` of that size is a float, and is written as one. */
  readonly exact: boolean
}

/** Writes any JSON value, also with `-0.0`, `bigint`s, and (like Python) `NaN` and `Infinity`. */
export const write = (value: Json, style: Style): string => {
  switch (typeof value) {
    case "string":
      return writeString(value, style)
    case "number":
      return writeNumber(value, style)
    case "object":
      if (value === null) return "null"
      return Array.isArray(value) ? writeArray(value, style) : writeObject(value as Record<string, Json>, style)
    default:
      return String(value)
  }
}

const writeArray = (value: ReadonlyArray<Json>, style: Style): string =>
  `[${value.map((item) => write(item, style)).join(style.python ? ", " : ",")}]`

const writeObject = (value: Readonly<Record<string, Json>>, style: Style): string => {
  const keys = Object.keys(value)
  if (style.python) keys.sort(byCodePoint)
  const colon = style.python ? ": " : ":"
  return `{${keys.map((key) => writeString(key, style) + colon + write(value[key] as Json, style)).join(style.python ? ", " : ",")}}`
}

const notAscii = /[\u007f-\uffff]/g

export const writeString = (text: string, { python }: Pick<Style, "python">): string => {
  const quoted = JSON.stringify(text)
  return python ? quoted.replace(notAscii, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`) : quoted
}

const writeNumber = (value: number, { python, exact }: Style): string => {
  if (Object.is(value, -0)) return "-0.0"
  if (Number.isSafeInteger(value) || !Number.isFinite(value)) return String(value)
  // A number with a fraction is never mistaken for an integer.
  if (!python && !(exact && Number.isInteger(value))) return String(value)
  if (exact) return writeFloat(value)
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? String(BigInt(value)) : writeFloat(value)
}

/** Writes the shortest digits, in the form of Python's `repr`: with an exponent below 1e-4 and from 1e16. */
const writeFloat = (value: number): string => {
  const [digits, power] = value.toExponential().split("e") as [string, string]
  const exponent = Number(power)
  if (exponent < -4 || exponent >= 16) {
    return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`
  }
  // `toFixed` would not give the shortest digits: it rounds the exact binary value.
  const text = String(value)
  return text.includes(".") ? text : `${text}.0`
}

const byCodePoint = (a: string, b: string): number => {
  for (let i = 0; ; i++) {
    const x = a.codePointAt(i)
    const y = b.codePointAt(i)
    if (x === undefined || y === undefined) return a.length - b.length
    if (x !== y) return x - y
    if (x > 0xffff) i++
  }
}
