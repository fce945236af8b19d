import { deepStrictEqual } from "node:assert/strict"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { utf8Length } from "../src/internal/utf8.ts"
import { maxDepth, Payload } from "../src/Value.ts"
import * as any from "./properties/arbitraries.ts"

const from = (value: unknown): Payload => Result.getOrThrow(Payload.from(value))
const parse = (text: string): Payload => Result.getOrThrow(Payload.parse(text))
const problem = (value: unknown) => Result.getOrThrow(Result.flip(Payload.from(value)))

describe("Payload", () => {
  it.prop("from, text and parse give the value back", [any.json], ([value]) => {
    const payload = from(value)
    deepStrictEqual(payload.value, value)
    deepStrictEqual(parse(payload.text).value, value)
    assert.strictEqual(parse(payload.text).text, payload.text)
  })

  it.prop("size is that of the UTF-8 text, or of the bytes", [any.value], ([value]) => {
    const payload = from(value)
    const expected = value instanceof Uint8Array ? value.length : Buffer.byteLength(payload.text)
    assert.strictEqual(payload.size, expected)
  })

  it.prop(
    "a copy is equal, and shares nothing",
    [Arbitrary.filter(any.value, (value) => Object(value) === value)],
    ([value]) => {
      const payload = from(value)
      const copy = payload.copy()
      deepStrictEqual(copy.value, payload.value)
      assert.notStrictEqual(copy.value, payload.value)
      assert.notStrictEqual(payload.value, value)
    }
  )

  it("text is compact, in the order of the fields, and made once", () => {
    const payload = from({ b: [1, { c: null }], a: "é" })
    assert.strictEqual(payload.text, '{"b":[1,{"c":null}],"a":"é"}')
    assert.strictEqual(payload.size, 29)
    const stringify = JSON.stringify
    JSON.stringify = () => assert.fail("made again")
    const again = payload.text
    JSON.stringify = stringify
    assert.strictEqual(again, '{"b":[1,{"c":null}],"a":"é"}')
  })

  it("keeps negative zero wherever it is", () => {
    assert.strictEqual(from(-0).text, "-0.0")
    assert.strictEqual(from({ a: [-0, 0] }).text, '{"a":[-0.0,0]}')
    deepStrictEqual(parse('{"a":[-0.0,-0]}').copy().text, '{"a":[-0.0,-0.0]}')
  })

  it("keeps fields named __proto__", () => {
    const text = '{"__proto__":{"admin":true}}'
    const payload = from(JSON.parse(text))
    assert.strictEqual(payload.text, text)
    assert.isUndefined((payload.value as { admin?: boolean }).admin)
    assert.strictEqual(payload.copy().text, text)
  })

  it("takes objects of another realm, and none of classes", () => {
    assert.strictEqual(from(Object.create(null)).text, "{}")
    assert.strictEqual(
      problem(new (class Money {})()).reason,
      "an instance of Money (give the collection a schema to store it)"
    )
  })

  it("names what cannot be stored, and where", () => {
    deepStrictEqual(problem({ a: { "b c": [1, undefined] } }), { path: '$.a["b c"][1]', reason: "undefined" })
    deepStrictEqual(problem(Number.NaN), { path: "$", reason: "NaN" })
    deepStrictEqual(problem([10n]), { path: "$[0]", reason: "bigint" })
    const cycle: { self?: unknown } = {}
    cycle.self = [cycle]
    deepStrictEqual(problem(cycle), { path: "$", reason: "a cycle" })
  })

  it("cuts long paths short", () => {
    let deep: unknown = 0
    for (let i = 0; i <= maxDepth; i++) deep = [deep]
    const { path, reason } = problem(deep)
    assert.strictEqual(reason, `nested deeper than ${maxDepth} levels`)
    assert.isBelow(path.length, 100)
    assert.isTrue(Result.isSuccess(Payload.from((deep as Array<unknown>)[0])))
  })

  it("the same object twice is no cycle", () => {
    const shared = { a: 1 }
    assert.strictEqual(from([shared, shared]).text, '[{"a":1},{"a":1}]')
  })

  it("parse fails on what is not JSON", () => {
    for (const text of ["", "{", "nan", "-NaN", "undefined", "'a'", "\uFEFF{}"]) {
      assert.isTrue(Result.isFailure(Payload.parse(text)), text)
    }
  })
})

it.prop("utf8Length counts what an encoder writes", [any.key, Schema.String], ([a, b]) => {
  const text = `${a}${b}\uD800${a}\uDC00😀`
  assert.strictEqual(utf8Length(text), Buffer.byteLength(text))
})
