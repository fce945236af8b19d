/** Mutations that change the meaning of JSON. Most results still parse. */
import type { Dice } from "./Dice.ts"

type Bytes = (bytes: Uint8Array) => Uint8Array

/** Mutates bytes that are JSON, and returns `undefined` for others. `inside` mutates bytes in Base64. */
export const mutate = (dice: Dice, bytes: Uint8Array, inside: Bytes): Uint8Array | undefined => {
  if (bytes[0] !== 0x7b && bytes[0] !== 0x5b) return undefined
  try {
    const value = JSON.parse(Buffer.from(bytes).toString()) as unknown
    return Uint8Array.from(Buffer.from(dice.pick(kinds)(dice, value, inside)))
  } catch {
    return undefined
  }
}

type Kind = (dice: Dice, value: unknown, inside: Bytes) => string

/** A placeholder in a value for text that JSON.stringify cannot write, such as a number of 5,000 digits. */
const placeholder = '"@place@"'

const withText = (value: unknown, text: string): string => JSON.stringify(value).replace(placeholder, () => text)

/** Changes a part of a value: half of the time a field of the outermost object. */
const change = (dice: Dice, value: unknown, by: (part: unknown) => unknown): unknown => {
  if (typeof value !== "object" || value === null) return by(value)
  const names = Object.keys(value)
  if (names.length === 0) return by(value)
  const name = dice.pick(names)
  const fields = value as Record<string, unknown>
  const isInner = typeof fields[name] === "object" && fields[name] !== null && !dice.oneIn(2)
  fields[name] = isInner ? change(dice, fields[name], by) : by(fields[name])
  return value
}

const replace: Kind = (dice, value) =>
  withText(
    change(dice, value, () => placeholder.slice(1, -1)),
    dice.pick(texts)
  )

const nest = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth)

const depths = [900, 998, 999, 1000, 1001, 1002, 5000, 100_000]

const texts: ReadonlyArray<string> = [
  ...["null", "true", "0", "-0", "1", "2", "3", "-1", "1.5", "{}", "[]", '""', '"1"', "[null]"],
  ...["1e999", "-1e999", "1e-400", "9007199254740993", "NaN", "-Infinity", "9".repeat(5000), `0.${"1".repeat(5000)}`],
  ...['"\\ud800"', '"\\u0000"', '"\\n"', '{"\\n":1}', '{"__proto__":{"value":1}}', '{"constructor":1}'],
  ...['{"toString":null,"valueOf":null}', '{"length":-1}', '{"then":1}', '{"_tag":"Some"}', `"${"é".repeat(500)}"`],
  ...["9999-12-31T23:59:59.999999+00:00", "0001-01-01T00:00:00+00:00", "+275760-09-13T00:00:00.000Z"].map(quoted),
  ...["2026-02-30T00:00:00+00:00", "2026-01-01", "20260101T000000,5+235959.5", "1970-01-01T00:00:00Z"].map(quoted),
  ...depths.flatMap((depth) => [nest("[", "]", depth), nest('{"a":', "}", depth)])
]

function quoted(text: string): string {
  return JSON.stringify(text)
}

/** Adds the same field again, or an unknown one, before or behind the others. */
const addField: Kind = (dice, value) => {
  const text = JSON.stringify(value)
  const names = typeof value === "object" && value !== null ? Object.keys(value) : []
  const name = dice.pick([...names, ...fields])
  const field = `${JSON.stringify(name)}:${dice.pick(texts)}`
  if (!text.startsWith("{") || text === "{}") return `{${field}}`
  return dice.oneIn(2) ? `{${field},${text.slice(1)}` : `${text.slice(0, -1)},${field}}`
}

const fields = [
  ...["value", "version", "key", "collection", "created_at", "expires_at", "__proto__", "constructor"],
  ...["__encrypted_data__", "__encryption_version__", "__compressed_data__", "__compression_algorithm__"],
  ...["__compression_version__", "length", "toString", "then"]
]

const removeField: Kind = (dice, value) => {
  if (typeof value === "object" && value !== null) {
    delete (value as Record<string, unknown>)[dice.pick(Object.keys(value))]
  }
  return JSON.stringify(value)
}

/** Changes bytes inside Base64, encoded once or twice: damage that envelopes do not detect. */
const changeText: Kind = (dice, value, inside) =>
  JSON.stringify(change(dice, value, (part) => (typeof part === "string" ? changedText(dice, part, inside, 2) : part)))

const base64 = /^[A-Za-z0-9+/_-]{16,}={0,2}$/

const changedText = (dice: Dice, text: string, inside: Bytes, levels: number): string => {
  if (!base64.test(text) || dice.oneIn(4)) {
    return dice.oneIn(2) ? text.slice(0, dice.below(text.length)) : text + dice.pick(["=", "\n", "é", "\u0000", "A"])
  }
  const bytes = Buffer.from(text, "base64")
  const isTextAgain = levels > 1 && base64.test(bytes.toString("latin1"))
  const changed = isTextAgain
    ? Buffer.from(changedText(dice, bytes.toString("latin1"), inside, levels - 1))
    : Buffer.from(inside(bytes))
  return /[-_]/.test(text) ? changed.toString("base64url") : changed.toString("base64")
}

const reformat: Kind = (dice, value) =>
  dice.pick([
    () => JSON.stringify(value, null, 2),
    () => ` \n\t${JSON.stringify(value)} `,
    () => `${JSON.stringify(value)},`,
    () => JSON.stringify(JSON.stringify(value)),
    () => `[${JSON.stringify(value)}]`,
    () => JSON.stringify(value).replace(/"/g, "'"),
    () => JSON.stringify(value).replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
  ])()

const kinds: ReadonlyArray<Kind> = [
  replace,
  replace,
  replace,
  addField,
  addField,
  removeField,
  changeText,
  changeText,
  reformat
]
