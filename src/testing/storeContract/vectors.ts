import type { Json, Value } from "../../Value.ts"

/** The values of py-key-value's suite, under the names that they have there. */
export const pythonValues: Readonly<Record<string, Json>> = {
  "null/value": { null_key: null },
  "null/list": { str_key: [null, null, null] },
  "null/nested-dict-values": { str_key: { str_key_2: null, str_key_3: null } },
  "null/no-implicit-serialization-in-keys": { null: "str_value" },
  "null/no-implicit-serialization-in-values": { str_key: "null" },
  "boolean/value-true": { bool_true_key: true },
  "boolean/value-false": { bool_false_key: false },
  "boolean/list": { str_key: [true, false, true] },
  "boolean/nested-dict-values": { str_key: { str_key_2: true, str_key_3: false } },
  "boolean/no-implicit-serialization-in-keys": { true: "str_value" },
  "boolean/no-implicit-serialization-in-values": { str_key: "true" },
  "integer/int": { int_key: 1 },
  "integer/value-negative": { negative_int_key: -42 },
  "integer/large-value": { large_int_key: 1e18 },
  "integer/no-implicit-serialization-in-keys": { "1": "str_value" },
  "integer/no-implicit-serialization-in-values": { str_key: "1" },
  "float/value": { float_key: 1.5 },
  "float/large-value": { large_float_key: 1.23456789012345e10 },
  "float/huge-value": { key: 1e63 },
  "float/no-implicit-serialization-in-keys": { "1.0": "str_value" },
  "float/no-implicit-serialization-in-values": { str_key: "1.0" },
  "string/string": { string_key: "string_value" },
  "string/1kb-value": { string_key: "a".repeat(1024) },
  "string/unicode": { unicode_key: "Hello 世界 🌍 émojis" },
  "string/special-chars": { special_key: "Line1\nLine2\tTabbed" },
  "uuid/no-implicit-serialization-in-keys": { "12345678-1234-5678-1234-567812345678": "str_value" },
  "uuid/no-implicit-serialization-in-values": { str_key: "12345678-1234-5678-1234-567812345678" },
  "nested/deep": { a: { b: { c: { d: { e: "f" } } } } },
  "nested/list-of-dicts": { list: [{ a: 1 }, { b: 2 }] },
  "nested/dict-of-lists": { a: [1, 2], b: ["3", null] },
  "simple/all": {
    key_1: "value_1",
    key_2: 1,
    key_3: 1.5,
    key_4: [1, 2, 3],
    key_5: { nested_key: "nested_value" },
    key_6: true,
    key_7: false,
    key_8: null
  }
}

/** The large values of py-key-value's suite. */
export const largeValues: Readonly<Record<string, Json>> = {
  string: { string_key: "a".repeat(10_000) },
  int: { int_key: 1e18 },
  float: { float_key: 1.23456789012345e10 },
  list: { list_key: Array.from({ length: 1000 }, (_, i) => i) },
  dicts: { list_key: Array.from({ length: 2000 }, (_, i) => ({ [`key_${i}`]: i })) }
}

/** Values that other libraries confuse with other values. */
export const confusableValues: ReadonlyArray<Json> = [
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  0.1,
  1.7976931348623157e308,
  5e-324,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  "",
  "0",
  "123",
  "null",
  "true",
  "undefined",
  "{}",
  '"quoted"',
  "abcd",
  "YWJjZA==",
  "2025-01-01T00:00:00Z",
  "\uFEFFbom",
  "\u0000",
  "a\u0000b",
  "\\u0041",
  "\u2028\u2029",
  "\uD800",
  "lone \uDC00 low",
  "😀",
  [],
  {},
  [[]],
  [{}],
  [null],
  [-0, [-0], { zero: -0 }],
  ["\uD800", { "\uDFFF": "\uD800" }],
  { "": "" },
  { "\u0000": 0 },
  { a: { "": [{}] } },
  { constructor: 1, toString: 2, hasOwnProperty: 3 },
  JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":null,"b":["__proto__"]}}') as Json,
  { length: 1, "0": "x" },
  { toJSON: "not a function" },
  JSON.parse(`{"then":true}`) as Json,
  { $ref: "#" }
]

/** Values that look like the output of wrappers and stores. */
export const lookalikes: ReadonlyArray<Json> = [
  { __compressed_data__: "x", __compression_algorithm__: "gzip", __compression_version__: 1 },
  { __compressed_data__: "H4sIAAAAAAAAA6tWKkktLlGyUlAqS8wpTVWqBQCgBpyKEQAAAA==", __compression_version__: 1 },
  { __encrypted_data__: "x", __encryption_version__: 1 },
  { collection: "c", created_at: "2025-01-01T00:00:00+00:00", key: "k", value: { a: 1 }, version: 1 },
  { value: null, version: 1, expires_at: "1999-01-01T00:00:00+00:00" },
  { _tag: "None" },
  { items: [] }
]

class Money {
  readonly amount = 1
}

const cycle = (): unknown => {
  const value: Record<string, unknown> = { name: "cycle" }
  value.self = { back: value }
  return value
}

const nested = (depth: number): unknown => {
  let value: unknown = 0
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

/** Arrays nested to the given depth. */
export const deepest = (depth: number): Json => nested(depth) as Json

/** Values that no store can hold, with the path that the error must have (`undefined`: any path). */
export const refused: ReadonlyArray<readonly [name: string, value: unknown, path: string | undefined]> = [
  ["undefined", undefined, "$"],
  ["undefined in an array", [1, undefined], "$[1]"],
  ["a hole in an array", new Array(1), "$[0]"],
  ["NaN", { a: [1, Number.NaN] }, "$.a[1]"],
  ["Infinity", Number.POSITIVE_INFINITY, "$"],
  ["-Infinity", { "a b": Number.NEGATIVE_INFINITY }, '$["a b"]'],
  ["a BigInt", { a: 1n }, "$.a"],
  ["a function", { a: () => 1 }, "$.a"],
  ["a symbol", { a: Symbol("a") }, "$.a"],
  ["a field whose name is a symbol", { [Symbol("a")]: 1 }, "$"],
  ["a cycle", cycle(), undefined],
  ["100,000 levels", nested(100_000), undefined],
  ["a Map", { a: new Map() }, "$.a"],
  ["a Set", { a: new Set([1]) }, "$.a"],
  ["a RegExp", /a/, "$"],
  ["an Error", new Error("a"), "$"],
  ["a class instance", { user: { money: new Money() } }, "$.user.money"],
  ["bytes in a field", { a: Uint8Array.of(1) }, "$.a"],
  ["a boxed number", Object(1), "$"]
]

export const bytes = {
  empty: () => new Uint8Array(0),
  every: () => Uint8Array.from({ length: 256 }, (_, i) => i),
  mebibyte: () => Uint8Array.from({ length: 2 ** 20 }, (_, i) => (i * 7919) >>> 3),
  text: () => new TextEncoder().encode('{"value":1}'),
  frame: () => Uint8Array.of(0xeb, 0x4b, 0x56, 1, 0, 0, 0, 0)
} satisfies Record<string, () => Value>
