/** Tests `Payload`: which values can be stored, how they are copied and encoded, and why others are refused. */
import { deepStrictEqual } from "node:assert/strict"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import { maxDepth, Payload } from "../src/Value.ts"
import * as any from "./properties/arbitraries.ts"

const from = (value: unknown): Payload => Result.getOrThrow(Payload.from(value))
const parse = (text: string): Payload => Result.getOrThrow(Payload.parse(text))
const problem = (value: unknown) => Result.getOrThrow(Result.flip(Payload.from(value)))

/** All objects, arrays and bytes of a value, the value itself included. */
const partsOf = (value: unknown): ReadonlyArray<object> => {
  if (typeof value !== "object" || value === null) return []
  return value instanceof Uint8Array ? [value] : [value, ...Object.values(value).flatMap(partsOf)]
}

describe("Payload", () => {
  it.prop("from, text and parse return the same value", [any.json], ([value]) => {
    const payload = from(value)
    deepStrictEqual(payload.value, value)
    deepStrictEqual(parse(payload.text).value, value)
    assert.strictEqual(parse(payload.text).text, payload.text)
  })

  it("writes parsed text again exactly, with integers of any size", () => {
    for (const integer of ["9007199254740991", "9007199254740993", "123456789012345678901234567890"]) {
      for (const number of ["0.000026044402825255703", "-9.7780687026995e-120", "1.5", "1e-7", "0.1", "100", "-0.0"]) {
        const text = `[${integer},${number}]`
        assert.strictEqual(parse(text).text, text)
      }
    }
  })

  it.prop("has the size of the UTF-8 text, or of the bytes", [any.value], ([value]) => {
    const payload = from(value)
    const expected = value instanceof Uint8Array ? value.length : Buffer.byteLength(payload.text)
    assert.strictEqual(payload.size, expected)
  })

  it.prop(
    "copy returns an equal value that shares nothing",
    [Arbitrary.filter(any.value, (value) => Object(value) === value)],
    ([value]) => {
      const payload = from(value)
      const copy = payload.copy()
      deepStrictEqual(copy.value, payload.value)
      const parts = [copy.value, payload.value, value].map(partsOf)
      assert.strictEqual(new Set(parts.flat()).size, 3 * parts[0]!.length, "no object of one is in another")
    }
  )

  it.prop("from with asText keeps the value when the original changes", [any.json], ([value]) => {
    const original = structuredClone(value)
    const payload = Result.getOrThrow(Payload.from(original, { asText: true }))
    if (typeof original === "object" && original !== null) Object.assign(original, { more: 1 })
    const { text, size, isObject } = from(value)
    assert.deepStrictEqual([payload.text, payload.size, payload.isObject], [text, size, isObject])
    assert.strictEqual(payload.hasField("more"), from(value).hasField("more"))
    deepStrictEqual(payload.value, value)
    assert.strictEqual(payload.copy().text, text)
  })

  it("from with asText refuses the same values for the same reasons", () => {
    for (const value of [undefined, { a: [1, Number.NaN] }, [new Date()], { a: 1n }, { a: () => 1 }, [Symbol()]]) {
      assert.deepStrictEqual(Result.flip(Payload.from(value, { asText: true })), Result.flip(Payload.from(value)))
    }
  })

  it("from with asText writes the fields and ignores toJSON", () => {
    const hidden = Object.defineProperty({ a: 1 }, "toJSON", { value: () => "b" })
    const inherited = Object.create(Object.assign(Object.create(null), { toJSON: () => "b" }), {
      a: { value: 1, enumerable: true }
    })
    const array = Object.assign([1], { toJSON: () => "b" })
    for (const [value, text] of [
      [hidden, '{"a":1}'],
      [{ inner: [inherited] }, '{"inner":[{"a":1}]}'],
      [array, "[1]"]
    ] as const) {
      const payload = Result.getOrThrow(Payload.from(value, { asText: true }))
      assert.deepStrictEqual([payload.text, from(value).text], [text, text])
    }
  })

  it("joins bytes in pieces when the value is read", () => {
    const payload = Payload.pieces([Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)])
    assert.deepStrictEqual(
      [payload.isBytes, payload.isObject, payload.size, payload.hasField("a")],
      [true, false, 3, false]
    )
    assert.deepStrictEqual(payload.value, Uint8Array.of(1, 2, 3))
    assert.deepStrictEqual(payload.copy().value, Uint8Array.of(1, 2, 3))
  })

  it("sizeIsAbove tells whether the size exceeds a limit", () => {
    for (const value of ["é", { a: "é" }, Uint8Array.of(1, 2)]) {
      for (const asText of [false, true]) {
        const payload = Result.getOrThrow(Payload.from(value, { asText }))
        for (const limit of [0, payload.size - 1, payload.size, 3 * payload.size]) {
          assert.strictEqual(payload.sizeIsAbove(limit), payload.size > limit)
        }
      }
    }
  })

  it("hasField returns true only for an object with that field, however the payload is kept", () => {
    for (const asText of [false, true]) {
      const has = (value: unknown, name: string) => Result.getOrThrow(Payload.from(value, { asText })).hasField(name)
      assert.isTrue(has({ a: 1 }, "a"))
      assert.isFalse(has({ b: { a: 1 } }, "a"))
      assert.isFalse(has({ b: "a" }, "a"))
      assert.isFalse(has(["a"], "a"))
      assert.isFalse(has("a", "a"))
      assert.isFalse(has(null, "a"))
      assert.isFalse(has({}, "toString"))
    }
  })

  it("text is compact, in the order of the fields, and made once", ({ onTestFinished }) => {
    const payload = from({ b: [1, { c: null }], a: "é" })
    assert.strictEqual(payload.text, '{"b":[1,{"c":null}],"a":"é"}')
    assert.strictEqual(payload.size, 29)
    const stringify = JSON.stringify
    let calls = 0
    JSON.stringify = (...args: ReadonlyArray<any>) => {
      calls++
      return (stringify as (...args: ReadonlyArray<any>) => string)(...args)
    }
    onTestFinished(() => void (JSON.stringify = stringify))
    const again = payload.text
    assert.strictEqual(calls, 0, "made again")
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

  it("accepts objects without a prototype, and refuses instances of classes", () => {
    assert.strictEqual(from(Object.create(null)).text, "{}")
    assert.strictEqual(problem(new (class Money {})()).reason, "an instance of Money (not JSON)")
  })

  it("says what cannot be stored, and where", () => {
    deepStrictEqual(problem({ a: { "b c": [1, undefined] } }), { path: '$.a["b c"][1]', reason: "undefined" })
    deepStrictEqual(problem(Number.NaN), { path: "$", reason: "NaN" })
    deepStrictEqual(problem([10n]), { path: "$[0]", reason: "bigint" })
    const cycle: { self?: unknown } = {}
    cycle.self = [cycle]
    deepStrictEqual(problem(cycle), { path: "$", reason: "a cycle" })
  })

  it("shortens long paths", () => {
    let deep: unknown = 0
    for (let i = 0; i <= maxDepth; i++) deep = [deep]
    const { path, reason } = problem(deep)
    assert.strictEqual(reason, `nested deeper than ${maxDepth} levels`)
    assert.isBelow(path.length, 100)
    assert.isTrue(Result.isSuccess(Payload.from((deep as Array<unknown>)[0])))
  })

  it("accepts the same object twice, which is not a cycle", () => {
    const shared = { a: 1 }
    assert.strictEqual(from([shared, shared]).text, '[{"a":1},{"a":1}]')
  })

  it("accepts and reads bigints with exact, and refuses them without", () => {
    const value = { id: 2n ** 53n + 1n, list: [-(2n ** 70n), 5, 1e18, 0.5] }
    const payload = Result.getOrThrow(Payload.from(value, { exactIntegers: true }))
    const text = '{"id":9007199254740993,"list":[-1180591620717411303424,5,1e+18,0.5]}'
    assert.strictEqual(payload.text, text)
    assert.strictEqual(payload.copy().text, text)
    const read = Result.getOrThrow(Payload.parse(text, { exactIntegers: true }))
    deepStrictEqual(read.value, value)
    assert.strictEqual(read.text, text)
    assert.strictEqual(read.pythonText, '{"id": 9007199254740993, "list": [-1180591620717411303424, 5, 1e+18, 0.5]}')
    deepStrictEqual(parse(text).value, { id: 2 ** 53, list: [-(2 ** 70), 5, 1e18, 0.5] })
    deepStrictEqual(problem(value), { path: "$.id", reason: "bigint" })
  })

  it("refuses a bigint of more digits than can be read again", () => {
    const most = 10n ** 4300n - 1n
    for (const value of [most, -most]) {
      const { text } = Result.getOrThrow(Payload.from(value, { exactIntegers: true }))
      deepStrictEqual(Result.getOrThrow(Payload.parse(text, { exactIntegers: true })).value, value)
      const more = Payload.from([value + (value > 0n ? 1n : -1n)], { exactIntegers: true })
      deepStrictEqual(more, Result.fail({ path: "$[0]", reason: "bigint of more than 4,300 digits" }))
    }
  })

  it("writes NaN and infinities that it parsed, also in a copy, and refuses them as input", () => {
    const text = '{"a":[NaN,Infinity,-Infinity],"b":null}'
    for (const exact of [false, true]) {
      const payload = Result.getOrThrow(Payload.parse(text, { exactIntegers: exact }))
      assert.strictEqual(payload.text, text)
      assert.strictEqual(payload.copy().text, text)
      assert.strictEqual(payload.size, text.length)
      assert.strictEqual(payload.pythonText, '{"a": [NaN, Infinity, -Infinity], "b": null}')
      assert.strictEqual(
        Result.getOrThrow(Payload.parse("[1e400,-1e400]", { exactIntegers: exact })).text,
        "[Infinity,-Infinity]"
      )
      deepStrictEqual(problem(payload.value), { path: "$.a[0]", reason: "NaN" })
    }
  })

  it("reads an integer of more than 4,300 digits as the nearest number, with exact or without", () => {
    const digits = "9".repeat(5000)
    for (const exact of [true, false]) {
      const payload = Result.getOrThrow(Payload.parse(`[1, ${digits}]`))
      assert.deepStrictEqual(payload.toValue(exact), [1, Number(digits)])
    }
  })

  it("parse fails on text that is not JSON", () => {
    for (const text of ["", "{", "nan", "-NaN", "undefined", "'a'", "\uFEFF{}"]) {
      assert.isTrue(Result.isFailure(Payload.parse(text)), text)
    }
  })
})

describe("Payload.from for accessors, proxies and foreign bytes", () => {
  const forms = [{}, { asText: true }, { exactIntegers: true }] as const
  const refused = (value: unknown, options = {}) => Result.getOrThrow(Result.flip(Payload.from(value, options)))

  it("fails with the path and the cause when an accessor or a proxy throws", () => {
    const boom = new Error("boom")
    const throwing = {
      get a(): never {
        throw boom
      }
    }
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const traps = (["ownKeys", "getPrototypeOf", "get"] as const).map(
      (trap) =>
        new Proxy(
          { a: 1 },
          {
            [trap]: () => {
              throw boom
            }
          }
        )
    )
    const list = [1]
    Object.defineProperty(list, 1, { get: () => throwing.a, enumerable: true })
    for (const options of forms) {
      for (const [value, path] of [
        [throwing, "$.a"],
        [{ list: [0, throwing] }, "$.list[1].a"],
        [{ list }, "$.list[1]"],
        [{ "a b": revoked.proxy }, '$["a b"]'],
        [revoked.proxy, "$"],
        [[traps[0]], "$[0]"],
        [[traps[1]], "$[0]"],
        [[traps[2]], "$[0].a"]
      ] as const) {
        const { cause, ...problem } = refused(value, options)
        deepStrictEqual(problem, { path, reason: "reading it throws" })
        assert.isTrue(cause === boom || cause instanceof TypeError)
      }
    }
  })

  it("fails when an accessor throws only once", () => {
    let reads = 0
    const value = {
      get a() {
        if (reads++ === 0) throw new Error("boom")
        return 1
      }
    }
    deepStrictEqual(
      { ...refused(value), cause: undefined },
      {
        path: "$",
        reason: "reading it throws",
        cause: undefined
      }
    )
  })

  it("reads each accessor once", () => {
    for (const options of forms) {
      let reads = 0
      const list = [0]
      Object.defineProperty(list, 1, { get: () => ++reads, enumerable: true })
      const changing = {
        get a() {
          return ++reads === 1 ? 1 : new Date()
        },
        nested: new Proxy({ b: 0, list }, { get: (target, key) => Reflect.get(target, key) })
      }
      const payload = Result.getOrThrow(Payload.from(changing, options))
      assert.strictEqual(payload.text, '{"a":1,"nested":{"b":0,"list":[0,2]}}')
      deepStrictEqual(payload.value, { a: 1, nested: { b: 0, list: [0, 2] } })
      assert.strictEqual(reads, 2)
    }
  })

  it("copies a Uint8Array or an ArrayBuffer of any realm", () => {
    const foreign = () => runInNewContext("new Uint8Array([1, 2, 3])") as Uint8Array
    const all: ReadonlyArray<() => Uint8Array | ArrayBufferLike> = [
      foreign,
      () => foreign().buffer,
      () => Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4),
      () => Uint8Array.of(1, 2, 3).buffer,
      () => Buffer.from([1, 2, 3])
    ]
    for (const make of all) {
      for (const options of forms) {
        const bytes = make()
        const payload = Result.getOrThrow(Payload.from(bytes, options))
        new Uint8Array("buffer" in bytes ? bytes.buffer : bytes).fill(9)
        assert.isTrue(payload.isBytes)
        deepStrictEqual(payload.value, Uint8Array.of(1, 2, 3))
        assert.strictEqual(Object.getPrototypeOf(payload.value), Uint8Array.prototype)
      }
    }
    for (const value of [foreign(), foreign().buffer, new ArrayBuffer(1)]) {
      deepStrictEqual(refused({ a: value }), {
        path: "$.a",
        reason: "bytes inside JSON (only the whole value can be bytes)"
      })
    }
    deepStrictEqual(Result.getOrThrow(Payload.from(new Uint8Array())).value, new Uint8Array())
  })

  it("refuses other typed arrays, and objects that only look like bytes", () => {
    for (const value of [
      new Int8Array(1),
      new Uint8ClampedArray(1),
      new Float64Array(1),
      new DataView(new ArrayBuffer(1)),
      new SharedArrayBuffer(1),
      Object.create(Uint8Array.prototype),
      Object.create(ArrayBuffer.prototype),
      new Proxy(Uint8Array.of(1), {})
    ]) {
      assert.match(refused(value).reason, /^an instance of/)
    }
  })

  it("refuses bytes whose buffer was transferred", () => {
    const bytes = Uint8Array.of(1)
    const { buffer } = bytes
    structuredClone(buffer, { transfer: [buffer] })
    for (const value of [bytes, buffer]) {
      const { cause, ...problem } = refused(value)
      deepStrictEqual(problem, { path: "$", reason: "bytes whose buffer was transferred or has shrunk" })
      assert.instanceOf(cause, TypeError)
    }
  })

  it("refuses JSON that is longer than a string can be", () => {
    const text = "x".repeat(2 ** 27)
    for (const options of forms) {
      deepStrictEqual(refused([text, { text }, [text], text], options), {
        path: "$",
        reason: "its JSON has more than 535822312 characters"
      })
    }
  })
})
