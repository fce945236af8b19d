import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import type { Json, Value } from "../../src/Value.ts"

export const oneOf = <A>(...choices: ReadonlyArray<Arbitrary.Arbitrary<A>>): Arbitrary.Arbitrary<A> =>
  Arbitrary.flatMap(integer(0, choices.length - 1), (i) => choices[i]!)

export const pick = <const A extends ReadonlyArray<Json>>(...values: A): Arbitrary.Arbitrary<A[number]> =>
  Arbitrary.map(integer(0, values.length - 1), (i) => values[i] as A[number])

export const integer = (minimum: number, maximum: number): Arbitrary.Arbitrary<number> =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

const joined = (parts: Arbitrary.Arbitrary<string>, maxLength: number): Arbitrary.Arbitrary<string> =>
  Arbitrary.map(Arbitrary.array(parts, { maxLength }), (parts) => parts.join(""))

/** Separators of all stores and wrappers, escapes, patterns, and characters that change when they are normalized. */
const nameParts = pick(
  ...["a", "b", "A", ":", "::", "_", "__", "/", "\\", ".", "..", "%", "%3A", "%5F", "*", "?", "[a]", "\u0000", "\n"],
  ...["é", "e\u0301", "鍵", "🔑", "\uFEFF", "'", '"']
)

const few = pick("a", "b", "a::b", "b::a", "a__b")

/** A few short keys, so that steps use the same ones, the names of prototypes, and random text. */
export const key = oneOf<string>(
  few,
  few,
  pick("", "__proto__", "constructor", "toString", "Key", "key"),
  joined(nameParts, 4)
)

/** Never empty, because the empty name stands for the default collection. */
export const collection = oneOf<string>(
  few,
  few,
  few,
  pick("__proto__", "constructor", "default_collection"),
  Arbitrary.map(joined(nameParts, 3), (name) => (name === "" ? "empty" : name))
)

const text = oneOf<string>(
  pick("", "0", "null", "abcd", "__proto__", "\u0000", "\uD800", "\uDC00\uD800", "é", "😀", "\u2028"),
  Arbitrary.schema(Schema.String)
)

const scalar: Arbitrary.Arbitrary<Json> = oneOf<Json>(
  pick(null, true, false, 0, -0, 1, 0.1, 1e300, 5e-324, 9007199254740991),
  Arbitrary.schema(Schema.Finite),
  text
)

const nested = (depth: number): Arbitrary.Arbitrary<Json> => {
  if (depth === 0) return scalar
  const item = nested(depth - 1)
  const field = Arbitrary.all([oneOf<string>(key, text), item])
  return oneOf<Json>(
    scalar,
    Arbitrary.array(item, { maxLength: 4 }),
    Arbitrary.map(Arbitrary.array(field, { maxLength: 4 }), (fields) => Object.fromEntries(fields) as Json)
  )
}

export const json: Arbitrary.Arbitrary<Json> = nested(3)

/** Some begin like the frames of codecs and entries. */
export const bytes: Arbitrary.Arbitrary<Uint8Array> = Arbitrary.map(
  Arbitrary.all([
    pick("", "", "eb4b43", "eb4b4301", "eb4b430101", "eb4b430110", "eb4b5601"),
    Arbitrary.array(integer(0, 255), { maxLength: 20 })
  ]),
  ([start, bytes]) => Uint8Array.from([...Buffer.from(start, "hex"), ...bytes])
)

/** Some long enough to be compressed. */
const long: Arbitrary.Arbitrary<Json> = Arbitrary.map(text, (text) => ({ long: text.repeat(200) }))

export const value: Arbitrary.Arbitrary<Value> = oneOf<Value>(json, json, json, bytes, long)
