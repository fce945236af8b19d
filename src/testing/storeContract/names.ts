import type * as Effect from "effect/Effect"
import * as KeyValue from "../../KeyValue.ts"
import { define } from "./Case.ts"
import { equal, failsWith, roundTrip } from "./check.ts"

const separators = [
  "::",
  ":",
  "__",
  "_",
  "/",
  "\\",
  "|",
  "-",
  ".",
  "..",
  "%",
  "%3A",
  "?",
  "#",
  "*",
  " ",
  "\n",
  "\u0000"
]

/** Keys with a special meaning in file systems, patterns, prototypes or encodings. */
export const awkwardKeys: ReadonlyArray<string> = [
  "",
  " ",
  ".",
  "..",
  "../up",
  "../../etc/passwd",
  "/",
  "/etc/passwd",
  "a/b",
  "a:b",
  "a.b",
  "a_b",
  "a-b",
  "a?b",
  "a%2Fb",
  "a\\b",
  "C:\\a",
  "con",
  "nul.json",
  "~",
  "a.json",
  ".tmp",
  "-rf",
  "*",
  "a*",
  "?",
  "[a]",
  "a[1]",
  "{a,b}",
  "{tag}",
  "!",
  "%",
  "%2F",
  "%00",
  "%_",
  "'; DROP TABLE entries; --",
  '"',
  "$1",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "undefined",
  "null",
  "0",
  "00",
  "1e3",
  "key",
  "Key",
  "KEY",
  "ключ",
  "鍵",
  "🔑",
  "\u00E9",
  "e\u0301",
  "\uFEFF",
  "\u200B",
  "\u0000",
  "a\u0000",
  "a\u0000b",
  "\n",
  "a\r\nb",
  "\u007F"
]

const refusingCalls = (kv: KeyValue.Service, key: string, at: KeyValue.InCollection) => ({
  get: kv.get(key, at),
  getMany: kv.getMany(["good", key], at),
  ttl: kv.ttl(key, at),
  ttlMany: kv.ttlMany(["good", key], at),
  put: kv.put(key, 1, at),
  putMany: kv.putMany(new Map([["good", 1]]).set(key, 1), at),
  delete: kv.delete(key, at),
  deleteMany: kv.deleteMany(["good", key], at)
})

/** Cases for names: different names never share an entry, and invalid names are refused. */
export const names = [
  define("stores an entry in a collection with a long name [S29]", [], function* ({ kv, at }) {
    const collection = at.collection + "test_collection".repeat(100)
    yield* roundTrip({ kv, at: { collection } }, "test", { test: 1 })
  }),
  define("stores an entry in a collection with special characters in its name [S30]", [], function* ({ kv, at }) {
    const collection = `${at.collection}!@#$%^&*()`
    yield* roundTrip({ kv, at: { collection } }, "test", { test: 1 })
  }),
  define("stores an entry under a long key [S31]", [], function* (subject) {
    yield* roundTrip(subject, "test_key".repeat(100), { test: 1 })
  }),
  define("stores an entry under a key with special characters [S32]", [], function* (subject) {
    yield* roundTrip(subject, "test_key!@#$%^&*()", { test: 1 })
  }),
  define("keeps entries apart whose joined names are equal [NA1]", [], function* ({ kv, at: { collection } }) {
    for (const separator of separators) {
      const pairs = [
        [`${collection}a`, `b${separator}c`],
        [`${collection}a${separator}b`, "c"],
        [`${collection}a${separator}b${separator}c`, ""],
        [`${collection}a`, `${separator}b`],
        [`${collection}a${separator}`, "b"],
        [`${collection}a${separator}${separator}`, "b"],
        [`${collection}a${separator}`, `${separator}b`]
      ] as const
      for (const [collection, key] of pairs) yield* kv.put(key, [collection, key], { collection })
      for (const [collection, key] of pairs) {
        yield* equal(yield* kv.get(key, { collection }), [collection, key], JSON.stringify([collection, key]))
      }
      for (const [collection, key] of pairs) yield* equal(yield* kv.delete(key, { collection }), true)
    }
  }),
  define("keeps entries with unusual keys apart [NA2]", ["Misses"], function* ({ kv, at }) {
    for (const key of awkwardKeys) yield* equal(yield* kv.get(key, at), undefined, JSON.stringify(key))
    for (const key of awkwardKeys) yield* kv.put(key, { key }, at)
    for (const key of awkwardKeys) yield* equal(yield* kv.get(key, at), { key }, JSON.stringify(key))
    yield* equal(
      yield* kv.getMany(awkwardKeys, at),
      awkwardKeys.map((key) => ({ key }))
    )
    yield* equal(yield* kv.deleteMany(awkwardKeys, at), awkwardKeys.length)
  }),
  define("keeps collections with unusual names apart [NA3]", ["Misses"], function* ({ kv, at }) {
    const key = at.collection
    const collections = awkwardKeys.filter((name) => name !== "")
    for (const collection of collections) {
      yield* equal(yield* kv.get(key, { collection }), undefined, JSON.stringify(collection))
    }
    for (const collection of collections) yield* kv.put(key, { collection }, { collection })
    for (const collection of collections) {
      yield* equal(yield* kv.get(key, { collection }), { collection }, JSON.stringify(collection))
    }
    for (const collection of collections) yield* equal(yield* kv.delete(key, { collection }), true)
  }),
  define("accepts the longest allowed key and collection [NA4]", ["Misses"], function* ({ kv, at }) {
    const collection = at.collection.padEnd(KeyValue.maxNameBytes, "c")
    const key = "k".repeat(KeyValue.maxNameBytes)
    const sibling = `${key.slice(1)}l`
    yield* kv.put(key, 1, { collection })
    yield* equal(yield* kv.getMany([key, sibling], { collection }), [1, undefined])
    yield* equal(yield* kv.delete(key, { collection }), true)
  }),
  define("fails with InvalidKeyError for names that no store can hold [NA5]", ["Misses"], function* ({ kv, at }) {
    const bad = ["\uD800", "a\uDC00b", "é".repeat(KeyValue.maxNameBytes / 2 + 1)]
    for (const name of bad) {
      for (const [operation, call] of Object.entries(refusingCalls(kv, name, at))) {
        const error = yield* failsWith(call as Effect.Effect<unknown, unknown>, "InvalidKeyError")
        yield* equal([error.operation, error.keys, error.collection], [operation, [name], at.collection])
        yield* equal(error.outcome, /^(put|delete)/.test(operation) ? "not-applied" : undefined, operation)
      }
      yield* failsWith(kv.get("test", { collection: name }), "InvalidKeyError")
      yield* failsWith(kv.put("test", 1, { collection: name }), "InvalidKeyError")
    }
    yield* equal(yield* kv.get("good", at), undefined, "the batch with an invalid key stored the valid one")
  })
]
