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

/** Cases for reading and writing: rows S1 to S36 of py-key-value's suite that do not test values, names or time. */
export const basics = [
  define("has the eight operations [S1]", [], function* ({ kv }) {
    const operations = ["get", "getMany", "ttl", "ttlMany", "put", "putMany", "delete", "deleteMany"] as const
    for (const operation of operations) yield* equal(typeof kv[operation], "function", operation)
  }),
  define("returns undefined from get for a missing key [S2]", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("stores a value with put [S3]", [], function* ({ kv, at }) {
    yield* equal(yield* kv.put("test", one, at), undefined)
  }),
  define("returns undefined from ttl and ttlMany for missing keys [S4]", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.ttl("test", at), undefined)
    yield* equal(yield* kv.ttlMany(keys, at), [undefined, undefined])
  }),
  define("returns from get the value that was put [S6]", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.get("test", at), undefined)
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", at), one)
  }),
  define("returns from get each value that putMany stored [S10]", [], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.get("test_2", at), two)
  }),
  define("returns from getMany what putMany stored, in the order of the keys [S11]", [], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.getMany(keys, at), [one, two])
    yield* equal(yield* kv.getMany(["test_2", "test"], at), [two, one], "in the order of the keys")
  }),
  define("returns from getMany the values of two puts [S12]", [], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* kv.put("test_2", two, at)
    yield* equal(yield* kv.getMany(keys, at), [one, two])
  }),
  define("returns undefined from getMany in place of a missing key [S13]", ["Misses"], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* kv.put("test_2", two, at)
    yield* equal(yield* kv.getMany(["test", "test_2", "test_3"], at), [one, two, undefined])
    yield* equal(yield* kv.getMany(["test_3", "test", "test_4"], at), [undefined, one, undefined])
  }),
  define("returns undefined from get after delete [S14]", ["Misses"], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("deletes with deleteMany entries that get has read [S15]", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.get("test_2", at), two)
    yield* equal(yield* kv.deleteMany(keys, at), 2)
    yield* equal(yield* kv.getMany(keys, at), [undefined, undefined])
  }),
  define("deletes with deleteMany entries that getMany has read [S16]", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.getMany(keys, at), [one, two])
    yield* equal(yield* kv.deleteMany(keys, at), 2)
    yield* equal(yield* kv.getMany(keys, at), [undefined, undefined])
  }),
  define("accepts any iterable in batch operations [S17]", ["Misses"], function* ({ kv, at }) {
    const put = kv.putMany(new Map(both).entries(), at)
    yield* put
    yield* equal(yield* kv.getMany(new Set(keys), at), [one, two])
    yield* equal(yield* kv.deleteMany(new Set(keys).values(), at), 2)
    yield* put
    yield* equal(yield* kv.getMany(keys, at), [one, two], "when the same effect runs twice")
  }),
  define("returns false from delete for a missing key [S18]", [], function* ({ kv, at }) {
    yield* equal(yield* kv.delete("test", at), false)
  }),
  define("returns true from the first delete of a key and false from the second [S19]", [], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.delete("test", at), false)
  }),
  define("returns 0 from deleteMany when all keys are missing [S20]", [], function* ({ kv, at }) {
    yield* equal(yield* kv.deleteMany(keys, at), 0)
  }),
  define("counts in deleteMany only the keys that exist [S21]", [], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.deleteMany(keys, at), 1)
  }),
  define("returns 0 from deleteMany when the keys were deleted before [S22]", [], function* ({ kv, at }) {
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.deleteMany(keys, at), 1)
    yield* equal(yield* kv.deleteMany(keys, at), 0)
  }),
  define("returns a value only between put and delete [S23]", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.get("test", at), undefined)
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("replaces the value when a key is put again [S24]", ["Misses"], function* ({ kv, at }) {
    yield* equal(yield* kv.get("test", at), undefined)
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", at), one)
    yield* kv.put("test", two, at)
    yield* equal(yield* kv.get("test", at), two)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("returns undefined from getMany after each key was deleted [S25]", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(both, at)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.delete("test_2", at), true)
    yield* equal(yield* kv.getMany(keys, at), [undefined, undefined])
  }),
  define("keeps at most maxEntries entries [S33]", ["Misses", "Bounded"], function* ({ kv, at, maxEntries }) {
    const count = maxEntries * 2
    for (let i = 0; i < count; i++) yield* kv.put(`test_key_${i}`, { test: `test_${i}` }, at)
    yield* equal(yield* kv.get("test_key_0", at), undefined, "the first entry")
    const last = `test_key_${count - 1}`
    yield* equal(yield* kv.get(last, at), { test: `test_${count - 1}` }, "the last entry")
    const found = yield* kv.getMany(
      Array.from({ length: count }, (_, i) => `test_key_${i}`),
      at
    )
    yield* isTrue(
      found.filter((value) => value !== undefined).length <= maxEntries,
      "the store keeps more entries than maxEntries"
    )
  }),
  define("keeps the entries of concurrent workers apart [S34]", ["Misses"], function* ({ kv, at }) {
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
  define("returns from getMany the ten values that putMany stored [S35]", [], function* ({ kv, at }) {
    yield* kv.putMany(ten, at)
    yield* equal(
      yield* kv.getMany(tenKeys, at),
      ten.map(([, value]) => value)
    )
  }),
  define("deletes with deleteMany the ten entries that putMany stored [S36]", [], function* ({ kv, at }) {
    yield* kv.putMany(ten, at)
    yield* equal(yield* kv.deleteMany(tenKeys, at), 10)
  }),
  define("does nothing in an empty batch [BA1]", [], function* ({ kv, at }) {
    yield* equal(yield* kv.getMany([], at), [])
    yield* equal(yield* kv.ttlMany([], at), [])
    yield* equal(yield* kv.putMany([], at), undefined)
    yield* equal(yield* kv.deleteMany([], at), 0)
  }),
  define("stores the last value of a key that a batch repeats [BA2]", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(
      [
        ["test", one],
        ["test", two]
      ],
      at
    )
    yield* equal(yield* kv.getMany(["test", "none", "test"], at), [two, undefined, two], "the last value of the key")
    yield* equal(yield* kv.deleteMany(["test", "test"], at), 1, "the number of deleted entries")
    // KeyValue never repeats a key in a call to a driver, but a wrapper may.
    const entries = [two, one, { test: "last" }].map((value) => ({
      payload: Payload.json(value),
      createdAt: undefined,
      expiresAt: undefined
    }))
    const keys = ["test", "other", "test"]
    const place = { operation: "putMany", ...at, keys } as const
    yield* kv.driver.put({ _tag: "put", place, deadline: undefined, ...at, keys, entries })
    yield* equal(
      yield* kv.getMany(["test", "other"], at),
      [{ test: "last" }, one],
      "the last entry of the key in a call of the driver"
    )
  }),
  define("stores the last entry of each key with the TTL of the batch [BA5]", ["Misses"], function* ({ kv, at }) {
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
  define("writes, reads and deletes a batch of 300 entries [BA3]", ["Misses"], function* ({ kv, at, maxEntries }) {
    const entries = Array.from({ length: Math.min(300, maxEntries) }, (_, i) => [`key-${i}`, { i }] as const)
    const keys = entries.map(([key]) => key)
    yield* kv.putMany(entries, at)
    yield* equal(
      yield* kv.getMany(keys, at),
      entries.map(([, value]) => value)
    )
    yield* equal(yield* kv.deleteMany(["none", ...keys], at), keys.length)
    yield* equal(yield* kv.getMany(keys, at), Array(keys.length).fill(undefined))
  }),
  define("keeps one whole value after concurrent writes to one key [BA4]", [], function* ({ kv, at }) {
    const values = Array.from({ length: 20 }, (_, i) => ({ writer: i, text: `${i}`.repeat(100) }))
    yield* Effect.forEach(values, (value) => kv.put("test", value, at), { concurrency: "unbounded" })
    const found = (yield* kv.get("test", at)) as { readonly writer: number }
    yield* equal(found, values[found.writer])
  }),
  define("keeps collections apart [CO1]", ["Misses"], function* ({ kv, at }) {
    const other = { collection: `${at.collection}-other` }
    yield* kv.put("test", one, at)
    yield* equal(yield* kv.get("test", other), undefined)
    yield* kv.put("test", two, other)
    yield* equal(yield* kv.get("test", at), one)
    yield* equal(yield* kv.delete("test", at), true)
    yield* equal(yield* kv.get("test", other), two)
  }),
  define("uses the default collection when a call names none [CO2]", ["Misses"], function* ({ kv, at }) {
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
