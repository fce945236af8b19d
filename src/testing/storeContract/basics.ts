import * as Effect from "effect/Effect"
import { Payload, type Value } from "../../Value.ts"
import { define } from "./Case.ts"
import { equal, isTrue } from "./check.ts"

const one = { test: "test" }
const two = { test: "test_2" }

const both: ReadonlyArray<readonly [string, Value]> = [
  ["test", one],
  ["test_2", two]
]
const keys = ["test", "test_2"]

const ten = Array.from({ length: 10 }, (_, i) => [`test_${i}`, { test: `test_${i}` }] as const)
const tenKeys = ten.map(([key]) => key)

/** The reading and writing of entries: rows S1 to S36 of py-key-value's suite that are not about values, names or time. */
export const basics = [
  define("S1 the eight operations", [], function* ({ kv }) {
    const operations = ["get", "getMany", "ttl", "ttlMany", "put", "putMany", "delete", "deleteMany"] as const
    for (const operation of operations) yield* equal(typeof kv[operation], "function", operation)
  }),
  define("S2 get, missing", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("S3 put", [], function* ({ kv, at }) {
    yield* equal(yield* kv.put("test", one, at), undefined)
  }),
  define("S4 ttl, missing", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.ttl("test", at), undefined)
    yield* equal(yield* kv.ttlMany(keys, at), [undefined, undefined])
  }),
  define("S6 get, put, get", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.get("test", at), undefined)
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", at), one)
  }),
  define("S10 putMany, get each", [], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.get("test_2", at), two)
  }),
  define("S11 putMany, getMany", [], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.getMany(keys, at), [one, two])
    yield* equal(yield* kv.getMany(["test_2", "test"], at), [two, one], "in the order of the keys")
  }),
  define("S12 put twice, getMany", [], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* kv.put("test_2", two, at)
    yield* equal(yield* kv.getMany(keys, at), [one, two])
  }),
  define("S13 getMany, one missing", ["Misses"], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* kv.put("test_2", two, at)
    yield* equal(yield* kv.getMany(["test", "test_2", "test_3"], at), [one, two, undefined])
    yield* equal(yield* kv.getMany(["test_3", "test", "test_4"], at), [undefined, one, undefined])
  }),
  define("S14 put, get, delete, get", ["Misses"], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("S15 putMany, get each, deleteMany, getMany", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.get("test_2", at), two)
    yield* equal(yield* kv.deleteMany(keys, at), 2)
    yield* equal(yield* kv.getMany(keys, at), [undefined, undefined])
  }),
  define("S16 putMany, getMany, deleteMany, getMany", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.getMany(keys, at), [one, two])
    yield* equal(yield* kv.deleteMany(keys, at), 2)
    yield* equal(yield* kv.getMany(keys, at), [undefined, undefined])
  }),
  define("S17 batches from any iterable", ["Misses"], function* ({ kv, at }) {
    const put = kv.putMany(new Map(both).entries(), at)
    yield* put
    yield* equal(yield* kv.getMany(new Set(keys), at), [one, two])
    yield* equal(yield* kv.deleteMany(new Set(keys).values(), at), 2)
    yield* put
    yield* equal(yield* kv.getMany(keys, at), [one, two], "the same effect once more")
  }),
  define("S18 delete, missing", [], function* ({ kv, at }) {
    yield* equal(yield* kv.delete("test", at), false)
  }),
  define("S19 put, delete, delete", [], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.delete("test", at), false)
  }),
  define("S20 deleteMany, all missing", [], function* ({ kv, at }) {
    yield* equal(yield* kv.deleteMany(keys, at), 0)
  }),
  define("S21 put, deleteMany, one missing", [], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.deleteMany(keys, at), 1)
  }),
  define("S22 put, deleteMany, deleteMany", [], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.deleteMany(keys, at), 1)
    yield* equal(yield* kv.deleteMany(keys, at), 0)
  }),
  define("S23 get, put, get, delete, get", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.get("test", at), undefined)
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("S24 overwrite", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.get("test", at), undefined)
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* kv.put("test", two, at)
    yield* equal(yield* kv.get("test", at), two)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("S25 putMany, delete each, getMany", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.delete("test_2", at), true)
    yield* equal(yield* kv.getMany(keys, at), [undefined, undefined])
  }),
  define("S33 a bounded store stays within its bound", ["Misses", "Bounded"], function* ({ kv, at, maxEntries }) {
    const count = maxEntries * 2
    for (let i = 0; i < count; i++) yield* kv.put(`test_key_${i}`, { test: `test_${i}` }, at)
    yield* equal(yield* kv.get("test_key_0", at), undefined, "the first")
    const last = `test_key_${count - 1}`
    yield* equal(yield* kv.get(last, at), { test: `test_${count - 1}` }, "the last")
    const found = yield* kv.getMany(
      Array.from({ length: count }, (_, i) => `test_key_${i}`),
      at
    )
    yield* isTrue(found.filter((value) => value !== undefined).length <= maxEntries, "more entries than allowed")
  }),
  define("S34 concurrent workers do not disturb each other", ["Misses"], function* ({ kv, at }) {
    const worker = (w: number) =>
      Effect.gen(function* () {
        for (let i = 0; i < 5; i++) {
          const key = `test_${w}_${i}`
          yield* equal(yield* kv.get(key, at), undefined)
          yield* kv.put(key, { test: key }, at)
          yield* equal(yield* kv.get(key, at), { test: key })
          yield* kv.put(key, { test: `${key}_2` }, at)
          yield* equal(yield* kv.get(key, at), { test: `${key}_2` })
          yield* equal(yield* kv.delete(key, at), true)
          yield* equal(yield* kv.get(key, at), undefined)
        }
      })
    yield* Effect.forEach([0, 1, 2], worker, { concurrency: "unbounded" })
  }),
  define("S35 putMany of ten, getMany", [], function* ({ kv, at }) {
    yield* kv.putMany(ten, at)
    yield* equal(
      yield* kv.getMany(tenKeys, at),
      ten.map(([, value]) => value)
    )
  }),
  define("S36 putMany of ten, deleteMany", [], function* ({ kv, at }) {
    yield* kv.putMany(ten, at)
    yield* equal(yield* kv.deleteMany(tenKeys, at), 10)
  }),
  define("BA1 empty batches do nothing", [], function* ({ kv, at }) {
    yield* equal(yield* kv.getMany([], at), [])
    yield* equal(yield* kv.ttlMany([], at), [])
    yield* equal(yield* kv.putMany([], at), undefined)
    yield* equal(yield* kv.deleteMany([], at), 0)
  }),
  define("BA2 a key twice in a batch", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(
      [
        ["test", one],
        ["test", two]
      ],
      at
    )
    yield* equal(yield* kv.getMany(["test", "none", "test"], at), [two, undefined, two], "the last one wins")
    yield* equal(yield* kv.deleteMany(["test", "test"], at), 1, "deleted once")
    // KeyValue gives a driver different keys only, but wrappers may not.
    const entries = [two, one, { test: "last" }].map((value) => ({
      payload: Payload.json(value),
      createdAt: undefined,
      expiresAt: undefined
    }))
    const keys = ["test", "other", "test"]
    const place = { operation: "putMany", ...at, keys } as const
    yield* kv.driver.put({ _tag: "put", place, deadline: undefined, ...at, keys, entries })
    yield* equal(yield* kv.getMany(["test", "other"], at), [{ test: "last" }, one], "the last one wins in the driver")
  }),
  define("BA5 a batch counts as the last entry of each key", ["Misses"], function* ({ kv, at }) {
    yield* kv.put("a", "before", at)
    yield* kv.putMany(
      [
        ["a", Uint8Array.of(1)],
        ["b", 1],
        ["a", { test: 2 }],
        ["b", Uint8Array.of(2)],
        ["a", [3]]
      ],
      { ...at, ttl: "1 hour" }
    )
    yield* equal(yield* kv.getMany(["b", "a", "b", "a"], at), [Uint8Array.of(2), [3], Uint8Array.of(2), [3]])
    const ttls = yield* kv.ttlMany(["a", "none", "a"], at)
    yield* equal(
      ttls.map((found) => found?.ttl !== undefined),
      [true, false, true],
      "the TTL of the batch"
    )
    yield* equal(yield* kv.deleteMany(["a", "none", "a", "b", "a"], at), 2)
    yield* equal(yield* kv.getMany(["a", "b"], at), [undefined, undefined])
  }),
  define("BA3 a batch of 300", ["Misses"], function* ({ kv, at, maxEntries }) {
    const entries = Array.from({ length: Math.min(300, maxEntries) }, (_, i) => [`key-${i}`, { i }] as const)
    const keys = entries.map(([key]) => key)
    yield* kv.putMany(entries, at)
    yield* equal(
      yield* kv.getMany(keys, at),
      entries.map(([, value]) => value)
    )
    yield* equal(yield* kv.deleteMany(["none", ...keys], at), keys.length)
    yield* equal(
      yield* kv.getMany(keys, at),
      keys.map(() => undefined)
    )
  }),
  define("BA4 concurrent writes to one key leave one of the values", [], function* ({ kv, at }) {
    const values = Array.from({ length: 20 }, (_, i) => ({ writer: i, text: `${i}`.repeat(100) }))
    yield* Effect.forEach(values, (value) => kv.put("test", value, at), { concurrency: "unbounded" })
    const found = (yield* kv.get("test", at)) as { readonly writer: number }
    yield* equal(found, values[found.writer])
  }),
  define("CO1 collections are apart", ["Misses"], function* ({ kv, at }) {
    const other = { collection: `${at.collection}-other` }
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", other), undefined)
    yield* kv.put("test", two, other)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.get("test", other), two)
  }),
  define("CO2 a call without a collection is about the default one", ["Misses"], function* ({ kv, at }) {
    const key = at.collection
    yield* kv.put(key, one)
    const answers = [
      yield* kv.get(key),
      yield* kv.get(key, {}),
      yield* kv.get(key, { collection: "" }),
      yield* kv.get(key, { collection: undefined }),
      yield* kv.get(key, { collection: kv.driver.defaultCollection })
    ]
    yield* equal(answers, [one, one, one, one, one])
    yield* equal(yield* kv.get(key, at), undefined)
    yield* equal(yield* kv.deleteMany([key]), 1)
  })
]
