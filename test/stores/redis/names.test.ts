import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { make, patternOf, problemOf } from "../../../src/stores/redis/names.ts"

describe("names in the database", () => {
  const plain = make("", "escaped")

  it("are py-key-value's, unless the collection has a : or %", () => {
    assert.strictEqual(plain.encode("users", "a::b%:"), "users::a::b%:")
    assert.strictEqual(plain.encode("a::b", "c"), "a%3A%3Ab::c")
    assert.strictEqual(plain.encode("100%", "c"), "100%25::c")
    assert.strictEqual(make("", "py-key-value").encode("a::b", "c"), "a::b::c")
    assert.strictEqual(make("app:", "escaped").encode("users", "a"), "app:users::a")
  })

  it("are never those of another pair or prefix", () => {
    const of = (prefix: string, collection: string, key: string) => make(prefix, "escaped").encode(collection, key)
    const all = ["", "a:", "a:b:"].flatMap((prefix) =>
      ["a", "a:", "a::b", "a:b", "b", "%3A", "a%3A%3Ab"].flatMap((collection) =>
        ["", ":", "::", "b", "b::c", ":b", "a::b"].map((key) => of(prefix, collection, key))
      )
    )
    assert.strictEqual(new Set(all).size, all.length)
  })

  it.effect.prop("decode to what was encoded", [Schema.String, Schema.String], ([collection, key]) =>
    Effect.sync(() => {
      const names = make("app:", "escaped")
      assert.deepStrictEqual(names.decode(names.encode(collection, key)), [collection, key])
    })
  )

  it("of others decode to nothing", () => {
    for (const name of ["users", "users:1", "a:b::c", "100%::c", "%3a::c"]) assert.isUndefined(plain.decode(name), name)
    assert.isUndefined(make("app:", "escaped").decode("users::1"))
    assert.isUndefined(make("app:", "escaped").decode("app:x:users::1"))
  })

  it("start with what those of a prefix of the collection start with", () => {
    const names = make("app:", "escaped")
    assert.isTrue(names.encode("a:%b", "c").startsWith(names.startOfAll("a:%")))
    assert.isTrue(make("", "py-key-value").encode("a:%b", "c").startsWith("a:%"))
  })

  it("of py-key-value decode at the first separator", () => {
    const names = make("", "py-key-value")
    assert.deepStrictEqual(names.decode("a:b%25::c::d"), ["a:b%25", "c::d"])
    assert.isUndefined(names.decode("a:b"))
    assert.strictEqual(names.startOfAll("a:%"), "a:%")
  })

  it("have no prefix that could be taken for a part of another name", () => {
    for (const prefix of ["", ":", "a:", "a:b:", "t*[1]?:"]) assert.isUndefined(problemOf(prefix, "escaped"), prefix)
    for (const prefix of ["a", "a::", "a::b:", "\ud800:"]) assert.isString(problemOf(prefix, "escaped"), prefix)
    assert.isUndefined(problemOf("", "py-key-value"))
    assert.isString(problemOf("a:", "py-key-value"))
  })

  it("are searched for to the letter", () => {
    assert.strictEqual(patternOf("t[1]*?\\-^:"), "t\\[1\\]\\*\\?\\\\-^:*")
  })
})
