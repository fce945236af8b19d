/** How collections and keys become names of Redis keys. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { make, patternOf, problemOf } from "../../../src/stores/redis/names.ts"

describe("names in the database", () => {
  const plain = make("", "escaped")

  it("are py-key-value's unless the collection contains : or %", () => {
    assert.strictEqual(plain.encode("users", "a::b%:"), "users::a::b%:")
    assert.strictEqual(plain.encode("a::b", "c"), "a%3A%3Ab::c")
    assert.strictEqual(plain.encode("100%", "c"), "100%25::c")
    assert.strictEqual(make("", "py-key-value").encode("a::b", "c"), "a::b::c")
    assert.strictEqual(make("app:", "escaped").encode("users", "a"), "app:users::a")
  })

  it("are distinct for every prefix, collection and key", () => {
    const of = (prefix: string, collection: string, key: string) => make(prefix, "escaped").encode(collection, key)
    const all = ["", "a:", "a:b:"].flatMap((prefix) =>
      ["a", "a:", "a::b", "a:b", "b", "%3A", "a%3A%3Ab"].flatMap((collection) =>
        ["", ":", "::", "b", "b::c", ":b", "a::b"].map((key) => of(prefix, collection, key))
      )
    )
    assert.strictEqual(new Set(all).size, all.length)
  })

  it.effect.prop(
    "decode to the collection and key that were encoded",
    [Schema.String, Schema.String],
    ([collection, key]) =>
      Effect.sync(() => {
        const names = make("app:", "escaped")
        assert.deepStrictEqual(names.decode(names.encode(collection, key)), [collection, key])
      })
  )

  it("do not decode when another program wrote them", () => {
    for (const name of ["users", "users:1", "a:b::c", "100%::c", "%3a::c"]) assert.isUndefined(plain.decode(name), name)
    assert.isUndefined(make("app:", "escaped").decode("users::1"))
    assert.isUndefined(make("app:", "escaped").decode("app:x:users::1"))
  })

  it("start with the same text as all names with a prefix of their collection", () => {
    const names = make("app:", "escaped")
    assert.isTrue(names.encode("a:%b", "c").startsWith(names.startOfAll("a:%")))
    assert.isTrue(make("", "py-key-value").encode("a:%b", "c").startsWith("a:%"))
  })

  it("decode at the first separator in py-key-value's form", () => {
    const names = make("", "py-key-value")
    assert.deepStrictEqual(names.decode("a:b%25::c::d"), ["a:b%25", "c::d"])
    assert.isUndefined(names.decode("a:b"))
    assert.strictEqual(names.startOfAll("a:%"), "a:%")
  })

  it("cannot have a prefix that could be part of another name", () => {
    for (const prefix of ["", ":", "a:", "a:b:", "t*[1]?:"]) assert.isUndefined(problemOf(prefix, "escaped"), prefix)
    for (const prefix of ["a", "a::", "a::b:", "\ud800:"]) assert.isString(problemOf(prefix, "escaped"), prefix)
    assert.isUndefined(problemOf("", "py-key-value"))
    assert.isString(problemOf("a:", "py-key-value"))
  })

  it("are escaped in patterns", () => {
    assert.strictEqual(patternOf("t[1]*?\\-^:"), "t\\[1\\]\\*\\?\\\\-^:*")
  })
})
