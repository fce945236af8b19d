/** Tests how pairs of names become one name, and how names are escaped. */
import { assert, describe, it } from "@effect/vitest"
import { compound, escape, isUnambiguous, unescape } from "../../src/codecs/names.ts"
import * as any from "../properties/arbitraries.ts"

const separators = any.pick("::", "__", ":", "_", "/", ".", "|", "--", "_-_")

describe("compound", () => {
  it.prop(
    "gives different pairs different names",
    [separators, any.key, any.key, any.key, any.key],
    ([s, a, b, c, d]) => {
      for (const strict of [false, true]) {
        const { encode } = compound(s, { strict })
        if (a !== c || b !== d) assert.notStrictEqual(encode(a, b), encode(c, d))
      }
    },
    { arbitrary: { runs: 2000 } }
  )

  it.prop(
    "decode is the inverse of encode",
    [separators, any.key, any.key],
    ([s, a, b]) => {
      for (const strict of [false, true]) {
        const { encode, decode } = compound(s, { strict })
        assert.deepStrictEqual(decode(encode(a, b)), [a, b])
      }
    },
    { arbitrary: { runs: 2000 } }
  )

  it.prop("keeps prefixes of the second name", [separators, any.key, any.key, any.key], ([s, a, b, c]) => {
    const { encode } = compound(s)
    assert.isTrue(encode(a, b + c).startsWith(encode(a, b)))
  })

  it("writes py-key-value's names, unless the first name would be ambiguous", () => {
    const { encode } = compound("::")
    assert.strictEqual(encode("users", "a::b%c"), "users::a::b%c")
    assert.strictEqual(encode("a:b", "c"), "a:b::c")
    assert.strictEqual(encode("a::b", "c"), "a%3A%3Ab::c")
    assert.strictEqual(encode("a:", "c"), "a%3A::c")
    assert.strictEqual(encode("a%", "c"), "a%25::c")
    assert.strictEqual(encode("", ""), "::")
  })

  it("strict escapes the separator's first character everywhere", () => {
    assert.strictEqual(compound("::", { strict: true }).encode("a:b", "c"), "a%3Ab::c")
  })

  it("decode returns undefined for a name without a separator", () => {
    const { decode } = compound("::")
    assert.isUndefined(decode("foreign"))
    assert.isUndefined(decode("a:b"))
    assert.deepStrictEqual(decode("users::u1::x"), ["users", "u1::x"])
  })
})

describe("escape", () => {
  it.prop("unescape is its inverse", [any.key], ([name]) => {
    assert.strictEqual(unescape(escape(name, ":/")), name)
  })

  it.prop("leaves no special character", [any.key], ([name]) => {
    assert.isFalse(/[:/]/.test(escape(name, ":/")))
  })

  it("unescape leaves lower-case and broken escapes alone", () => {
    assert.strictEqual(unescape("%3a%zz%"), "%3a%zz%")
  })
})

it("isUnambiguous refuses a name that contains or could complete the separator", () => {
  const cases: ReadonlyArray<readonly [string, string, boolean]> = [
    ["a", "__", true],
    ["a_", "__", false],
    ["a__b", "__", false],
    ["", "__", true],
    ["_", "__", false],
    ["_a", "__", true],
    ["a", "_", true],
    ["a-", "-_-", true],
    ["a-_", "-_-", false]
  ]
  for (const [name, separator, expected] of cases) {
    assert.strictEqual(isUnambiguous(name, separator), expected, `${name} ${separator}`)
  }
})
