import type { Entry } from "../../Entry.ts"
import { type Json, Payload } from "../../Value.ts"

/** Returns a number from 0 (inclusive) to 1 (exclusive). */
type Draw = () => number

/** Returns the entry with one bit of its bytes, or one character of its strings, changed. */
export const corrupted = (entry: Entry, draw: Draw): Entry => ({ ...entry, payload: payload(entry.payload, draw) })

const payload = ({ value }: Payload, draw: Draw): Payload =>
  value instanceof Uint8Array ? Payload.bytes(bytes(value, draw)) : Payload.json(json(value, draw))

const bytes = (value: Uint8Array, draw: Draw): Uint8Array => {
  const copy = Uint8Array.from(value)
  if (copy.length === 0) return Uint8Array.of(0)
  copy[Math.floor(draw() * copy.length)]! ^= 1 << Math.floor(draw() * 8)
  return copy
}

/** JSON without a string has no character to change, so that it becomes `null`, and `null` becomes `false`. */
const json = (value: Json, draw: Draw): Json => {
  const texts = countTexts(value)
  if (texts === 0) return value === null ? false : null
  let left = Math.floor(draw() * texts)
  return mapTexts(value, (text) => (left-- === 0 ? altered(text, draw) : text))
}

const countTexts = (value: Json): number => {
  let count = 0
  mapTexts(value, (text) => {
    count++
    return text
  })
  return count
}

const mapTexts = (value: Json, f: (text: string) => string): Json => {
  if (typeof value === "string") return f(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, f))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, mapTexts(field, f)]))
}

const altered = (text: string, draw: Draw): string => {
  const at = Math.floor(draw() * text.length)
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`
}
