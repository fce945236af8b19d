/** Tests reading and writing JSON: the parser for exact integers, and text as Python writes it. */
import { deepStrictEqual } from "node:assert/strict"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Json } from "../../src/Value.ts"
import { JsonParser } from "../../src/value/JsonParser.ts"
import * as json from "../../src/value/json.ts"
import { clone, rounded } from "../../src/value/jsonCopy.ts"
import { tooLong } from "../../src/value/jsonProblem.ts"
import * as jsonText from "../../src/value/jsonText.ts"
import * as any from "../properties/arbitraries.ts"

const native = (text: string) => Result.getOrUndefined(Result.try(() => ({ value: JSON.parse(text) as Json })))
const ours = (text: string, exact = false) =>
  Result.getOrUndefined(Result.try(() => ({ value: new JsonParser(text, exact).parseUnsafe(1000) })))
const parse = (text: string, exact = false) => Result.getOrThrow(json.parse(text, exact)).value

/** A value, and its JSON text with random white space between tokens and random escapes in strings. */
const written = Arbitrary.map(
  Arbitrary.all([any.json, Arbitrary.array(any.integer(0, 9), { minLength: 20, maxLength: 20 })]),
  ([value, dice]) => {
    let at = 0
    const roll = () => dice[at++ % dice.length]!
    const space = () => [" ", "\n", "\t\r", "", "", "", "", "", "", ""][roll()]
    const string = (text: string) =>
      `"${Array.from({ length: text.length }, (_, i) => (roll() === 0 ? `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}` : JSON.stringify(text.charAt(i)).slice(1, -1))).join("")}"`
    const write = (value: Json): string => {
      if (typeof value === "string") return string(value)
      if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : JSON.stringify(value)
      return Array.isArray(value)
        ? `[${value.map((item) => space() + write(item) + space()).join(",")}]`
        : `{${Object.entries(value)
            .map(([name, item]) => `${space()}${string(name)}${space()}:${write(item as Json)}`)
            .join(",")}${space()}}`
    }
    return { value, text: space() + write(value) + space() }
  }
)

const damaged = Arbitrary.map(
  Arbitrary.all([written, any.integer(0, 1000), any.pick(...'{}[]",:0-1.eE+tfn\\u/ \n\u0001x')]),
  ([{ text }, at, character]) => {
    const index = at % (text.length + 1)
    return at % 2 === 0
      ? text.slice(0, index) + text.slice(index + 1)
      : text.slice(0, index) + String(character) + text.slice(index + 1)
  }
)

describe("rounded", () => {
  it("gives the nearest number for each bigint, at any depth, and leaves all else as it is", () => {
    const exact = parse('{"a":[9007199254740993,"b",null],"c":{"d":9007199254740993,"e":1.5}}', true)
    const nearest = Number(9007199254740993n)
    deepStrictEqual(rounded(exact), { a: [nearest, "b", null], c: { d: nearest, e: 1.5 } })
  })
})

describe("JsonParser", () => {
  it.prop("reads JSON", [written], ([{ value, text }]) => deepStrictEqual(ours(text), { value }), {
    arbitrary: { runs: 500 }
  })

  it.prop(
    "refuses what JSON.parse refuses",
    [damaged],
    ([text]) => {
      const [found, expected] = [ours(text), native(text)]
      // `JSON.parse` confuses some names with escapes: see below.
      if (text.includes("\\")) assert.strictEqual(found === undefined, expected === undefined)
      else deepStrictEqual(found, expected)
    },
    { arbitrary: { runs: 2000 } }
  )

  it("refuses numbers, words and characters that JSON does not have", () => {
    const bad = [
      "01",
      "1.",
      ".5",
      "+1",
      "- 1",
      "1e",
      "0x1",
      "nul",
      "True",
      "nan",
      "-NaN",
      "infinity",
      "+Infinity",
      "NaN1",
      "1NaN"
    ]
    const more = [
      "'a'",
      '"a',
      '"a\n"',
      '"\\x"',
      "[1,]",
      "[,1]",
      "[1 2]",
      '{"a"}',
      '{"a":}',
      "{a:1}",
      '{"a":1,}',
      "]",
      "[",
      "1 2",
      "",
      "\uFEFF1",
      "1\u00a0"
    ]
    for (const text of [...bad, ...more]) assert.isUndefined(ours(text), text)
  })
})

describe("parse", () => {
  it("reads names of fields with escapes, which V8 confuses with others of the same shape", () => {
    let form = 0
    for (const [before, after] of [
      ...["\n", "A", "\ud800", '"', "\t", "\0", "年"].map((name) => ["\\", name] as const),
      ["a\\", "a\n"],
      ["\\\\", "\\b"],
      ["\\n", "\nb"]
    ] as const) {
      const escaped = Array.from({ length: after.length }, (_, i) => after.charCodeAt(i).toString(16).padStart(4, "0"))
      for (const name of [JSON.stringify(after), `"${escaped.map((hex) => `\\u${hex}`).join("")}"`]) {
        for (const space of ["", " \n"]) {
          const text = (name: string) => `{"form ${form}":1,${name}${space}:2}`
          form++
          for (let again = 0; again < 3; again++) JSON.parse(text(JSON.stringify(before)))
          assert.deepStrictEqual(Object.keys(parse(text(name)) as object)[1], after, name)
        }
      }
    }
  })

  it("reads NaN and Infinity as Python writes them, and not inside strings", () => {
    deepStrictEqual(parse('{"a":[NaN,Infinity,-Infinity],"b":"NaN, Infinity","NaN":1}'), {
      a: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      b: "NaN, Infinity",
      NaN: 1
    })
    for (const text of ["[NaN]", "[Infinity,-0.0]", "[1e400]", '{"a":null,"b":-1e400}']) {
      const parsed = Result.getOrThrow(json.parse(text, false))
      const written = json.stringify(parsed.value, parsed.numberKinds)
      assert.strictEqual(written, text.replace("-1e400", "-Infinity").replace("1e400", "Infinity"))
      deepStrictEqual(parse(written), parsed.value)
    }
  })

  it("reads large integers exactly when asked, and floats as floats", () => {
    const text =
      "[9007199254740991,9007199254740992,-9007199254740993,18446744073709551616,1e+18,9007199254740992.0,1.5,-0.0,0]"
    deepStrictEqual(parse(text, true), [
      9007199254740991,
      9007199254740992n,
      -9007199254740993n,
      18446744073709551616n,
      1e18,
      9007199254740992,
      1.5,
      -0,
      0
    ])
    deepStrictEqual(parse("[9007199254740993]"), [9007199254740992])
    assert.strictEqual(json.stringify(parse(text, true), "exact"), text)
    assert.isTrue(Result.isFailure(json.parse("9".repeat(4301), true)), "Python's limit of 4,300 digits")
    assert.isTrue(Result.isSuccess(json.parse(`[${"9".repeat(4300)}]`, true)))
  })

  it.prop(
    "reads exactly what was written exactly",
    [any.json, any.integer(0, 1000), any.integer(-1000, 1000)],
    ([value, power, n]) => {
      const all = [value, 2n ** BigInt(power) + BigInt(n), n * 2 ** 60] as unknown as Json
      const normal = (it: Json): Json =>
        typeof it === "bigint" && Number.isSafeInteger(Number(it))
          ? Number(it)
          : Array.isArray(it)
            ? it.map(normal)
            : it
      deepStrictEqual(parse(json.stringify(all, "exact"), true), normal(all))
    }
  )

  it("reads integers of at most 4,300 digits of either sign", () => {
    for (const sign of ["", "-"]) {
      assert.strictEqual(String(parse(sign + "9".repeat(4300), true)), sign + "9".repeat(4300))
      assert.isTrue(Result.isFailure(json.parse(`${sign}1${"0".repeat(4300)}`, true)))
    }
  })

  it("reads the last of equal fields, in the place of the first, with either parser", () => {
    for (const text of ['{"a":1,"b":2,"a":3}', '{"a":1,"b":2,"\\u0061":3}', '{"a":NaN,"b":2,"a":3}']) {
      assert.deepStrictEqual(Object.entries(parse(text) as object), [
        ["a", 3],
        ["b", 2]
      ])
    }
  })

  it("copies only an object's own fields, and everything nested in it", () => {
    const value = { a: { b: [{ c: 1 }, null] }, d: "text" }
    Object.assign(Object.prototype, { inherited: { nobody: "wants it" } })
    const copy = clone(value) as typeof value
    delete (Object.prototype as { inherited?: unknown }).inherited
    assert.deepStrictEqual(copy, value)
    assert.deepStrictEqual(Object.keys(copy), ["a", "d"])
    assert.notStrictEqual(copy.a, value.a)
    assert.notStrictEqual(copy.a.b, value.a.b)
    assert.notStrictEqual(copy.a.b[0], value.a.b[0])
  })

  it("writes a text only if it is not longer than a store can hold", () => {
    deepStrictEqual(json.tryStringify(["\0"], "plain", 10), Result.succeed('["\\u0000"]'))
    deepStrictEqual(json.tryStringify(["\0"], "plain", 9), Result.fail(tooLong))
  })

  it("reads, copies and writes __proto__ as a field like any other, with either parser", () => {
    const fields = '"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}'
    for (const text of [`{${fields}}`, `{"a":[{${fields}}]}`, `{${fields},"n":NaN}`, `{${fields},"\\n":1}`]) {
      const { value, numberKinds } = Result.getOrThrow(json.parse(text, false))
      const inner = (Object.hasOwn(value as object, "a") ? (value as { a: [object] }).a[0] : value) as object
      assert.isTrue(Object.hasOwn(inner, "__proto__"), text)
      assert.strictEqual(Object.getPrototypeOf(inner), Object.prototype, text)
      assert.strictEqual(json.stringify(clone(value), numberKinds), text)
    }
    assert.isUndefined(({} as { admin?: boolean }).admin)
  })

  it("does not count brackets in texts or beside each other as levels", () => {
    const flat = JSON.stringify([..."[{".repeat(2000)].map((bracket) => [{ bracket }]))
    assert.strictEqual(json.stringify(parse(flat), "plain"), flat)
    assert.strictEqual(parse(JSON.stringify("[{".repeat(5000))), "[{".repeat(5000))
  })
})

describe("write with the option python", () => {
  const python = (value: unknown, exact = false) => jsonText.write(value as Json, { python: true, exact })

  it("writes numbers as Python does", () => {
    const floats: ReadonlyArray<readonly [number, string]> = [
      [1e21, "1e+21"],
      [1.5e300, "1.5e+300"],
      [1.7976931348623157e308, "1.7976931348623157e+308"],
      [0.1, "0.1"],
      [0.0001, "0.0001"],
      [0.00012345, "0.00012345"],
      [1e-5, "1e-05"],
      [-1.25e-7, "-1.25e-07"],
      [5e-324, "5e-324"],
      [12345678901.2345, "12345678901.2345"],
      [1234567890123456.8, "1234567890123456.8"],
      [-0, "-0.0"],
      [Number.NaN, "NaN"],
      [Number.NEGATIVE_INFINITY, "-Infinity"]
    ]
    for (const [value, expected] of floats) {
      for (const exact of [false, true]) assert.strictEqual(python(value, exact), expected)
    }
    assert.strictEqual(
      python([1, 2 ** 53, 1e18, 1e20]),
      "[1, 9007199254740992, 1000000000000000000, 100000000000000000000]"
    )
    assert.strictEqual(python([1, 2 ** 53, 1e18, 1e16], true), "[1, 9007199254740992.0, 1e+18, 1e+16]")
    assert.strictEqual(
      python([10n ** 30n, -(2n ** 64n)], true),
      "[1000000000000000000000000000000, -18446744073709551616]"
    )
  })

  it("writes fields by code point, and everything in ASCII", () => {
    const value = { b: 1, "10": 2, "9": 3, "～": 4, "😀": 5, "": 6, é: 7, "\ud83d": 8, "\udc00": 9, a: { z: 1, y: [] } }
    assert.strictEqual(
      python(value),
      '{"": 6, "10": 2, "9": 3, "a": {"y": [], "z": 1}, "b": 1, "\\u00e9": 7, "\\ud83d": 8, "\\udc00": 9, "\\uff5e": 4, "\\ud83d\\ude00": 5}'
    )
    assert.strictEqual(
      python('/"\\\b\f\n\r\t\0\x1f \x7f\u2028'),
      '"/\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f \\u007f\\u2028"'
    )
  })

  it.prop("writes text that is read as the same value", [any.json], ([value]) => {
    deepStrictEqual(parse(python(value)), value)
    deepStrictEqual(ours(python(value)), { value })
  })

  it("writes the digits of JavaScript for a float halfway between two shorter ones", () => {
    for (const [value, expected] of [
      [-3936571224929.6562, "-3936571224929.6562"],
      [3936571224929.6562, "3936571224929.6562"],
      [0.5, "0.5"],
      [1e15 + 0.5, "1000000000000000.5"],
      [2 ** 53 + 2, "9007199254740994.0"],
      [0.0001, "0.0001"]
    ] as const) {
      assert.strictEqual(python(value, true), expected)
    }
  })

  it.prop(
    "writes the shortest digits of a float in Python's notation",
    [Arbitrary.schema(Schema.Finite)],
    ([value]) => {
      const text = python(value, true)
      assert.strictEqual(Number(text), value)
      if (Number.isSafeInteger(value)) return
      const digits = (text: string) =>
        text
          .replace(/e.*/, "")
          .replace(/\D/g, "")
          .replace(/^0+|0+$/g, "")
      assert.strictEqual(digits(text), digits(String(value)))
      const size = Math.abs(value)
      assert.strictEqual(text.includes("e"), size < 1e-4 || size >= 1e16, text)
    }
  )
})

it.prop("write without options writes what JSON.stringify writes, except for negative zeros", [any.json], ([value]) => {
  const write = (value: Json) => jsonText.write(value, { python: false, exact: false })
  assert.strictEqual(write(JSON.parse(JSON.stringify(value))), JSON.stringify(value))
  deepStrictEqual(parse(write(value)), value)
})
