/** Tests the codec of managed entries: the JSON form of py-key-value, the binary form, and times. */
import { deepStrictEqual } from "node:assert/strict"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import { decode, encode } from "../../src/codecs/managedEntry.ts"
import * as time from "../../src/codecs/time.ts"
import type { Entry } from "../../src/Entry.ts"
import { Payload, type Value } from "../../src/Value.ts"
import * as any from "../properties/arbitraries.ts"

const entry = (value: Value, times?: Partial<Entry>): Entry => ({
  payload: Result.getOrThrow(Payload.from(value)),
  createdAt: undefined,
  expiresAt: undefined,
  ...times
})

const read = (stored: string | Uint8Array) => Result.getOrThrow(decode(stored))
const reason = (stored: string | Uint8Array) => Result.getOrThrow(Result.flip(decode(stored)))
const utf8 = (text: string) => new TextEncoder().encode(text)
const valueOf = (stored: string | Uint8Array) => read(stored).entry.payload.value

const times = Arbitrary.map(any.integer(-1, 4_000_000_000_000), (time) => (time < 0 ? undefined : time))

describe("encode and decode", () => {
  it.prop(
    "return the same value, names and times, from text and from its bytes",
    [any.collection, any.key, any.value, times, times],
    ([collection, key, value, createdAt, expiresAt]) => {
      const stored = encode(collection, key, entry(value, { createdAt, expiresAt }))
      assert.strictEqual(stored instanceof Uint8Array, value instanceof Uint8Array)
      for (const form of [stored, typeof stored === "string" ? utf8(stored) : stored]) {
        const found = read(form)
        deepStrictEqual(found.entry.payload.value, value)
        deepStrictEqual(
          [found.collection, found.key, found.entry.createdAt, found.entry.expiresAt],
          [collection, key, createdAt, expiresAt]
        )
      }
    }
  )

  it("write the fields of py-key-value, in its order, without absent ones", () => {
    const at = Date.UTC(2099, 0, 1)
    assert.strictEqual(
      encode("users", "frozen", entry({ b: 1, a: "é" }, { createdAt: at })),
      '{"collection":"users","created_at":"2099-01-01T00:00:00+00:00","key":"frozen","value":{"b":1,"a":"é"},"version":1}'
    )
    assert.strictEqual(
      encode("c", "k", entry(null, { createdAt: at, expiresAt: at + 1500 })),
      '{"collection":"c","created_at":"2099-01-01T00:00:00+00:00","expires_at":"2099-01-01T00:00:01.500000+00:00","key":"k","value":null,"version":2}'
    )
  })

  it("write bytes as a frame that is not UTF-8", () => {
    const stored = encode("c", "k", entry(Uint8Array.of(1, 2)))
    assert.instanceOf(stored, Uint8Array)
    assert.deepStrictEqual([...(stored as Uint8Array).slice(0, 4)], [0xeb, 0x4b, 0x56, 1])
    assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(stored as Uint8Array))
  })

  it("keep a negative zero that is read and written again", () => {
    const again = read(encode("c", "k", entry([-0]))).entry
    assert.strictEqual(again.payload.text, "[-0.0]")
    assert.strictEqual(again.payload.copy().text, "[-0.0]")
  })

  it("copy bytes on decoding", () => {
    const stored = encode("c", "k", entry(Uint8Array.of(1, 2))) as Uint8Array
    const value = valueOf(stored)
    stored.fill(0)
    assert.deepStrictEqual(value, Uint8Array.of(1, 2))
  })

  it("read a frame in the middle of a larger buffer", () => {
    const stored = encode("c", "k", entry(Uint8Array.of(1, 2))) as Uint8Array
    const buffer = new Uint8Array(stored.length + 20)
    buffer.set(stored, 10)
    assert.deepStrictEqual(valueOf(buffer.subarray(10, 10 + stored.length)), Uint8Array.of(1, 2))
  })
})

describe("decode of entries from py-key-value", () => {
  const managed = (fields: string) => `{"value": {"a": 1}, ${fields}}`

  it("reads sorted and spaced fields, escapes, unknown fields and any version", () => {
    const text =
      '{"collection": "users", "created_at": "2099-01-01T00:00:00+00:00", "extra": [1], "key": "k", "value": {"a": "\\u00e9"}, "version": 9}'
    const found = read(text)
    assert.deepStrictEqual([found.collection, found.key, found.entry.payload.value], ["users", "k", { a: "é" }])
    assert.strictEqual(found.entry.createdAt, Date.UTC(2099, 0, 1))
  })

  it("reads an entry without dates, names or version", () => {
    const found = read('{"value":{}}')
    assert.deepStrictEqual(found.entry.payload.value, {})
    assert.deepStrictEqual([found.collection, found.key, found.entry.createdAt], [undefined, undefined, undefined])
  })

  it("reads dates at any offset and of any precision", () => {
    const expiresAt = (text: string) => read(managed(`"expires_at": "${text}"`)).entry.expiresAt
    const at = Date.UTC(2099, 0, 1, 10, 0, 0, 500)
    for (const text of ["10:00:00.5Z", "12:00:00.500000+02:00", "10:00:00.500+00:00", "04:30:00.5-05:30"]) {
      assert.strictEqual(expiresAt(`2099-01-01T${text}`), at, text)
    }
  })
})

describe("decode of damaged entries", () => {
  const cases: ReadonlyArray<readonly [string, string | Uint8Array]> = [
    ["empty text", ""],
    ["text that is not JSON", "hello"],
    ["a byte order mark", '\uFEFF{"value":1}'],
    ["JSON that is not an object", "[1]"],
    ["null", "null"],
    ["an object without a value", '{"key":"a"}'],
    ["a value of the prototype only", '{"__proto__":{"value":1}}'],
    ["a created_at that is not a time", '{"value":1,"created_at":"yesterday"}'],
    ["an expires_at that is null", '{"value":1,"expires_at":null}'],
    ["an expires_at that is a number", '{"value":1,"expires_at":5}'],
    ["an expires_at without offset", '{"value":1,"expires_at":"2099-01-01T00:00:00"}'],
    ["an expires_at that does not exist", '{"value":1,"expires_at":"2099-13-41T00:00:00Z"}'],
    ["bytes that are not UTF-8", Uint8Array.of(0xff, 0xfe)],
    ["a frame of another version", Uint8Array.of(0xeb, 0x4b, 0x56, 2, 0, 0, 0, 0)],
    ["a frame that is cut off in its head", Uint8Array.of(0xeb, 0x4b, 0x56, 1, 0)],
    ["a frame that is cut off in its header", Uint8Array.of(0xeb, 0x4b, 0x56, 1, 0, 0, 0, 9, 0x7b)],
    ["a frame whose header is not JSON", Uint8Array.of(0xeb, 0x4b, 0x56, 1, 0, 0, 0, 1, 0x7b)]
  ]
  for (const [name, stored] of cases) it(`fails on ${name}`, () => assert.isNotEmpty(reason(stored)))

  it("fails on every cut of a stored entry, without a defect", () => {
    const stored = encode("c", "k", entry(Uint8Array.of(1, 2), { createdAt: 0 })) as Uint8Array
    const header = stored.length - 2
    for (let i = 0; i < header; i++) assert.isTrue(Result.isFailure(decode(stored.subarray(0, i))), `${i} bytes`)
    const text = encode("c", "k", entry({ a: 1 })) as string
    for (let i = 0; i < text.length; i++) assert.isTrue(Result.isFailure(decode(text.slice(0, i))), `${i} characters`)
  })
})

describe("time", () => {
  it.prop("parse is the inverse of format", [any.integer(0, 253_402_300_799_999)], ([millis]) => {
    assert.strictEqual(time.parse(time.format(millis)), millis)
  })

  it("formats times like Python", () => {
    assert.strictEqual(time.format(253_402_300_799_999), "9999-12-31T23:59:59.999000+00:00")
    assert.strictEqual(time.format(253_402_300_799_999 + 0.99), "9999-12-31T23:59:59.999999+00:00")
    assert.strictEqual(time.format(4_085_210_096_123.456), "2099-06-15T12:34:56.123456+00:00")
    assert.strictEqual(time.format(0.001), "1970-01-01T00:00:00.000001+00:00")
    assert.strictEqual(time.format(0), "1970-01-01T00:00:00+00:00")
    assert.strictEqual(time.format(1), "1970-01-01T00:00:00.001000+00:00")
  })

  it.prop("keeps microseconds", [any.integer(0, 4_000_000_000_000), any.integer(0, 999)], ([millis, micros]) => {
    const time_ = millis + micros / 1000
    assert.strictEqual(time.parse(time.format(time_)), time_)
  })

  it("parses what Python parses, and refuses days that do not exist", () => {
    const at = Date.UTC(2099, 0, 1)
    const same = ["2099-01-01", "20990101", "20990101T000000Z", "2099-01-01 00:00:00+00:00", "2099-01-01t00:00:00,000Z"]
    const more = [
      "2099-01-01T00Z",
      "2099-01-01T00:00Z",
      "2099-01-01T02+02",
      "2099-01-01T02:00:30+02:00:30",
      "2098-12-31T23:59-0001"
    ]
    for (const text of [...same, ...more, "2099-01-01T00:00:00.0000009+00:00", "2099-01-01🌍00:00:00 -00:00"]) {
      assert.strictEqual(time.parse(text, { naive: true }), at, text)
    }
    assert.strictEqual(time.parse("2099-01-01T00:00:00.5Z"), at + 500)
    assert.strictEqual(time.parse("2099-01-01T00:00:00.123456+00:00"), at + 123.456)
    const none = [
      "2099-02-29T00:00:00Z",
      "2099-13-01T00:00:00Z",
      "2099-01-01T24:00:00Z",
      "2099-01-01T00:00:60Z",
      "0000-01-01T00:00:00Z"
    ]
    const bad = [
      "2099-01-01T00:00:00z",
      " 2099-01-01T00:00:00Z",
      "2099-01-01T00:00:00Z\n",
      "2099-0101",
      "2099-01-01T00:0000Z",
      "2099-01-01T00:00:00+24:00"
    ]
    for (const text of [...none, ...bad, "2099-01-01Z", "+2099-01-01T00:00:00Z", "2099-001"]) {
      assert.isUndefined(time.parse(text, { naive: true }), text)
    }
    assert.strictEqual(time.parse("2096-02-29T00:00:00Z"), Date.UTC(2096, 1, 29))
  })

  it("parses every existing day of a month and refuses the others", () => {
    for (const year of [2000, 2023, 2024, 2100]) {
      for (let month = 0; month <= 13; month++) {
        for (let day = 0; day <= 32; day++) {
          const date = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`
          const noon = Date.UTC(year, month - 1, day, 12)
          const isThere = new Date(noon).toISOString().startsWith(date)
          assert.strictEqual(time.parse(`${date}T12:00:00.000500+00:00`), isThere ? noon + 0.5 : undefined, date)
        }
      }
    }
  })

  it("parses a time without an offset only with the option naive", () => {
    assert.isUndefined(time.parse("2026-01-01T00:00:00"))
    assert.strictEqual(time.parse("2026-01-01 00:00:00", { naive: true }), Date.UTC(2026, 0, 1))
  })
})
