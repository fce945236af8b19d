/** Tests the cases of py-key-value's own tests of values and of its serialization adapter. */
import { deepStrictEqual } from "node:assert/strict"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { decode, encode } from "../../src/codecs/managedEntry.ts"
import * as vectors from "../../src/testing/storeContract/vectors.ts"
import { type Json, Payload } from "../../src/Value.ts"

const read = (stored: string | Uint8Array) => Result.getOrThrow(decode(stored)).entry

const written = (value: Json, times?: { readonly createdAt: number; readonly expiresAt: number }) =>
  encode("c", "k", {
    payload: Result.getOrThrow(Payload.from(value)),
    createdAt: undefined,
    expiresAt: undefined,
    ...times
  })

const withoutSpaces = (python: string): string => python.replaceAll(`": `, `":`).replaceAll(", ", ",")

/** `python` is the text from `json.dumps`. `ours` differs from it by white space only, unless it is given. */
const itWrites = (name: string, value: Json, python: string, ours = withoutSpaces(python)): void =>
  it(`writes what Python writes, and reads it: ${name}`, () => {
    assert.strictEqual(written(value), `{"collection":"c","key":"k","value":${ours},"version":1}`)
    deepStrictEqual(read(`{"key": "k", "value": ${python}}`).payload.value, value)
  })

describe("values of py-key-value's tests", () => {
  itWrites("null", { null_key: null }, `{"null_key": null}`)
  itWrites("nulls in a list", { str_key: [null, null, null] }, `{"str_key": [null, null, null]}`)
  itWrites("text that looks like null", { null: "null" }, `{"null": "null"}`)
  itWrites("booleans", { str_key: { a: true, b: false } }, `{"str_key": {"a": true, "b": false}}`)
  itWrites("text that looks like a boolean", { true: "true" }, `{"true": "true"}`)
  itWrites("integers", { int_key: 1, negative_int_key: -42 }, `{"int_key": 1, "negative_int_key": -42}`)
  itWrites("a large integer", { large_int_key: 10 ** 18 }, `{"large_int_key": 1000000000000000000}`)
  itWrites("text that looks like an integer", { "1": "1" }, `{"1": "1"}`)
  itWrites("a float without a fraction", { float_key: 1 }, `{"float_key": 1.0}`, `{"float_key":1}`)
  itWrites("a large float", { large_float_key: 1.23456789012345e10 }, `{"large_float_key": 12345678901.2345}`)
  itWrites("a huge float", { key: 1e63 }, `{"key": 1e+63}`)
  itWrites("text that looks like a float", { "1.0": "1.0" }, `{"1.0": "1.0"}`)
  itWrites("1 KiB of text", { string_key: "a".repeat(1024) }, `{"string_key": "${"a".repeat(1024)}"}`)
  itWrites(
    "unicode",
    { unicode_key: "Hello 世界 🌍 émojis" },
    `{"unicode_key": "Hello \\u4e16\\u754c \\ud83c\\udf0d \\u00e9mojis"}`,
    `{"unicode_key":"Hello 世界 🌍 émojis"}`
  )
  itWrites("line breaks and tabs", { special_key: "Line1\nLine2\tTabbed" }, `{"special_key": "Line1\\nLine2\\tTabbed"}`)
  itWrites(
    "text that looks like a UUID",
    { "12345678-1234-5678-1234-567812345678": "12345678-1234-5678-1234-567812345678" },
    `{"12345678-1234-5678-1234-567812345678": "12345678-1234-5678-1234-567812345678"}`
  )

  it("can all be read after they were written", () => {
    for (const value of [...Object.values(vectors.pythonValues), ...Object.values(vectors.largeValues)]) {
      deepStrictEqual(read(written(value)).payload.value, value)
    }
  })
})

describe("the serialization adapter", () => {
  const createdAt = Date.UTC(2025, 0, 1)
  const expiresAt = createdAt + 10_000

  it("loads an entry of an empty object with both times", () => {
    const { payload, ...times } = read(
      `{"created_at":"2025-01-01T00:00:00+00:00","expires_at":"2025-01-01T00:00:10+00:00","value":{}}`
    )
    assert.deepStrictEqual(payload.value, {})
    assert.deepStrictEqual(times, { createdAt, expiresAt })
  })

  it("dumps an entry that can be loaded again", () => {
    const value = { key_one: "value_one", key_three: { nested_key: "nested_value" }, key_two: "value_two" }
    const stored = written(value, { createdAt, expiresAt })
    assert.strictEqual(
      stored,
      `{"collection":"c","created_at":"2025-01-01T00:00:00+00:00","expires_at":"2025-01-01T00:00:10+00:00","key":"k",` +
        `"value":{"key_one":"value_one","key_three":{"nested_key":"nested_value"},"key_two":"value_two"},"version":1}`
    )
    const { payload, ...times } = read(stored)
    assert.deepStrictEqual([payload.value, times], [value, { createdAt, expiresAt }])
  })
})
