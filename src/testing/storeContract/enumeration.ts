import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Enumeration, type Options } from "../../Enumeration.ts"
import type { InCollection } from "../../KeyValue.ts"
import { defineFor, type Subject } from "./Case.ts"
import { equal, failsWith, isTrue } from "./check.ts"
import { awkwardKeys } from "./names.ts"

const define = defineFor("Enumeration", Enumeration)

const keys = (options: Options & InCollection) =>
  Effect.flatMap(Enumeration, (enumeration) => Stream.runCollect(enumeration.keys(options)))

const collections = (options: Options) =>
  Effect.flatMap(Enumeration, (enumeration) => Stream.runCollect(enumeration.collections(options)))

const sorted = (names: Iterable<string>): ReadonlyArray<string> => Array.from(names).sort()

const numbered = (count: number, prefix = "key-"): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`)

const putAll = ({ kv, at }: Subject, names: ReadonlyArray<string>, options?: InCollection) =>
  kv.putMany(
    names.map((name) => [name, 1]),
    { ...at, ...options }
  )

/** Cases for stores with the capability `Enumeration`. */
export const enumeration = [
  define("lists each key of a collection once [EN1]", [], function* (subject) {
    const { at } = subject
    yield* equal(yield* keys(at), [])
    yield* putAll(subject, ["a", "b", "c"])
    yield* putAll(subject, ["d"], { collection: `${at.collection}-other` })
    yield* equal(sorted(yield* keys(at)), ["a", "b", "c"])
    yield* subject.kv.delete("b", at)
    yield* equal(sorted(yield* keys(at)), ["a", "c"])
  }),
  define("lists the keys that start with a prefix [EN2]", [], function* (subject) {
    yield* putAll(subject, ["user:1", "user:2", "users", "order:1", "User:3", ""])
    yield* equal(sorted(yield* keys({ ...subject.at, prefix: "user:" })), ["user:1", "user:2"])
    yield* equal(sorted(yield* keys({ ...subject.at, prefix: "user" })), ["user:1", "user:2", "users"])
    yield* equal(yield* keys({ ...subject.at, prefix: "none" }), [])
    yield* equal((yield* keys({ ...subject.at, prefix: "" })).length, 6)
  }),
  define("does not treat a prefix as a pattern [EN3]", [], function* (subject) {
    yield* putAll(subject, ["a*b", "axb", "a?b", "a[x]b", "[a]", "a", "%", "%2", "\\", "\\a", "^a", "_a"])
    const starting: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
      ["a*", ["a*b"]],
      ["a?", ["a?b"]],
      ["a[x]", ["a[x]b"]],
      ["[a]", ["[a]"]],
      ["*", []],
      ["%", ["%", "%2"]],
      ["_", ["_a"]],
      ["\\", ["\\", "\\a"]],
      ["^", ["^a"]]
    ]
    for (const [prefix, expected] of starting) {
      yield* equal(sorted(yield* keys({ ...subject.at, prefix })), sorted(expected), `prefix ${prefix}`)
    }
  }),
  define("lists at most as many keys as the limit [EN4]", [], function* (subject) {
    yield* putAll(subject, numbered(20))
    for (const [limit, count] of [
      [0, 0],
      [1, 1],
      [7, 7],
      [20, 20],
      [100, 20]
    ] as const) {
      const found = yield* keys({ ...subject.at, limit, pageSize: 3 })
      yield* equal([found.length, new Set(found).size], [count, count], `limit ${limit}`)
    }
  }),
  define("lists 100 keys in pages of 7 [EN5]", [], function* (subject) {
    const names = numbered(100)
    yield* putAll(subject, names)
    const found = yield* keys({ ...subject.at, pageSize: 7 })
    yield* equal(sorted(found), sorted(names))
  }),
  define("lists keys exactly as they were written [EN6]", [], function* (subject) {
    yield* putAll(subject, awkwardKeys)
    yield* equal(sorted(yield* keys(subject.at)), sorted(awkwardKeys))
  }),
  define("does not treat the collection as a pattern when it lists keys [EN7]", [], function* (subject) {
    const { collection } = subject.at
    const names = ["t[1]", "t1", "t*", "t?", "t", "t%", "T", "t::a"].map((name) => `${collection}${name}`)
    for (const name of names) yield* putAll(subject, [name], { collection: name })
    for (const name of names) yield* equal(yield* keys({ collection: name }), [name])
  }),
  define("lists each collection with entries once [EN8]", [], function* (subject) {
    const { kv, at } = subject
    const names = numbered(12, `${at.collection}/`)
    const mine = { prefix: `${at.collection}/`, pageSize: 5 }
    yield* equal(yield* collections(mine), [])
    for (const collection of names) yield* putAll(subject, ["a", "b", "c"], { collection })
    yield* equal(sorted(yield* collections(mine)), sorted(names))
    yield* equal((yield* collections({ ...mine, limit: 4 })).length, 4)
    yield* kv.deleteMany(["a", "b", "c"], { collection: names[0] })
    yield* equal(sorted(yield* collections(mine)), sorted(names.slice(1)), "the collections without the empty one")
  }),
  define("lists collections exactly as they were written [EN9]", [], function* (subject) {
    const { collection } = subject.at
    const names = awkwardKeys.map((name) => `${collection}${name}`)
    for (const name of names) yield* putAll(subject, ["a"], { collection: name })
    yield* equal(sorted(yield* collections({ prefix: collection })), sorted(names))
  }),
  define("does not list expired entries [EN10]", [], function* (subject) {
    const { kv, at, advance } = subject
    const gone = `${at.collection}-gone`
    yield* kv.put("a", 1, { ...at, ttl: "1 second" })
    yield* kv.put("b", 1, at)
    yield* kv.put("a", 1, { collection: gone, ttl: "1 second" })
    yield* equal(sorted(yield* keys(at)), ["a", "b"])
    yield* advance("1100 millis")
    yield* equal(yield* keys(at), ["b"])
    yield* equal(yield* collections({ prefix: at.collection }), [at.collection])
  }),
  define("lists every key that stays while others are deleted [EN11]", [], function* (subject, enumeration) {
    const { kv, at } = subject
    const kept = numbered(50, "keep-")
    yield* putAll(subject, [...kept, ...numbered(50, "drop-")])
    const found = yield* Stream.runCollect(
      Stream.tap(enumeration.keys({ ...at, pageSize: 7 }), (key) =>
        key.startsWith("drop-") ? kv.delete(key, at) : Effect.void
      )
    )
    yield* equal(sorted(found.filter((key) => key.startsWith("keep-"))), sorted(kept))
    yield* isTrue(new Set(found).size === found.length, "a key was listed twice")
  }),
  define("lists the keys of the default collection [EN12]", [], function* ({ kv, at: { collection } }) {
    yield* kv.put(`${collection}-a`, 1)
    yield* equal(yield* keys({ prefix: collection }), [`${collection}-a`])
    yield* equal(yield* keys({ prefix: collection, collection: kv.driver.defaultCollection }), [`${collection}-a`])
    yield* kv.delete(`${collection}-a`)
  }),
  define("accepts limits and page sizes that are not whole numbers [EN13]", [], function* (subject) {
    yield* putAll(subject, numbered(5))
    for (const pageSize of [Number.POSITIVE_INFINITY, 1e20, 2.5, 0.5, 0, -1, Number.NaN]) {
      yield* equal((yield* keys({ ...subject.at, pageSize })).length, 5, `page size ${pageSize}`)
      yield* equal((yield* collections({ prefix: subject.at.collection, pageSize })).length, 1, `page size ${pageSize}`)
    }
    for (const [limit, count] of [
      [Number.POSITIVE_INFINITY, 5],
      [1e20, 5],
      [2.5, 2],
      [0.5, 0],
      [-1, 0],
      [Number.NaN, 0]
    ] as const) {
      yield* equal((yield* keys({ ...subject.at, limit })).length, count, `limit ${limit}`)
    }
  }),
  define("fails with InvalidKeyError for a prefix that no name can have [EN14]", [], function* (subject) {
    yield* putAll(subject, ["😀a", "\uFFFDb"])
    for (const prefix of ["\uD83D", "a\uDE00", "a".repeat(70_000)]) {
      yield* failsWith(keys({ ...subject.at, prefix }), "InvalidKeyError")
      yield* failsWith(collections({ prefix }), "InvalidKeyError")
    }
    yield* equal(yield* keys({ ...subject.at, prefix: "😀" }), ["😀a"])
  })
]
