/** How Sqlite removes and counts expired entries. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Atomic from "../../../src/Atomic.ts"
import * as Enumeration from "../../../src/Enumeration.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Maintenance from "../../../src/Maintenance.ts"
import * as PrefixCollections from "../../../src/wrappers/PrefixCollections.ts"
import { rows, withConnection } from "./support.ts"

const c = { collection: "c" }

const numbered = (count: number) => Array.from({ length: count }, (_, i) => [`old-${i}`, i] as const)

describe("expired entries", () => {
  it.effect("are removed by single and batch writes", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.putMany(numbered(500), { ...c, ttl: "1 minute" })
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(rows(database), 500)
        for (let i = 0; i < 130; i++) yield* kv.put("same", i, c)
        assert.isAtMost(Number(rows(database)), 300)
        yield* kv.putMany(
          numbered(200).map(([key]) => [`new-${key}`, 1] as const),
          c
        )
        assert.strictEqual(rows(database), 201)
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("do not accumulate when every written entry expires", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        for (let i = 0; i < 2000; i++) {
          yield* kv.put(`key-${i}`, i, { ...c, ttl: "1 second" })
          yield* TestClock.adjust("20 millis")
        }
        assert.isAtMost(Number(rows(database)), 200)
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("are counted by removeExpired, page by page, and by no other operation", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const { keys, collections } = yield* Enumeration.Enumeration
        const maintenance = yield* Maintenance.Maintenance
        const { putIfAbsent, getAndDelete } = yield* Atomic.Atomic
        yield* kv.putMany(numbered(2500), { ...c, ttl: "1 minute" })
        yield* TestClock.adjust("1 minute")
        yield* kv.put("alive", 1, { collection: "d" })

        assert.isUndefined(yield* kv.get("old-1", c))
        assert.isFalse(yield* kv.delete("old-1", c))
        assert.strictEqual(yield* kv.deleteMany(["old-1", "old-2"], c), 0)
        assert.isUndefined(yield* getAndDelete("old-1", c))
        assert.deepStrictEqual(yield* Stream.runCollect(keys(c)), [])
        assert.deepStrictEqual(yield* Stream.runCollect(collections()), ["d"])
        assert.isTrue(yield* putIfAbsent("old-1", 1, c))
        assert.isFalse(yield* putIfAbsent("old-1", 2, c))

        assert.strictEqual(yield* maintenance.removeExpired, 2499)
        assert.strictEqual(rows(database), 2)
        assert.strictEqual(yield* maintenance.removeExpired, 0)
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("are removed from a wrapper's part of the store, and from no other part", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      const expiring = KeyValue.KeyValue.use((kv) => kv.putMany(numbered(300), { ...c, ttl: "1 minute" }))
      const part = store.pipe(PrefixCollections.wrap("mine"))
      yield* Effect.gen(function* () {
        yield* expiring
        yield* Effect.provide(expiring, part)
        yield* TestClock.adjust("1 minute")
        const before = Number(rows(database))
        const removed = yield* Effect.provide(
          Maintenance.Maintenance.use((it) => it.removeExpired),
          part
        )
        assert.isAtLeast(removed, 250)
        assert.strictEqual(rows(database), before - removed)
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("are cleared without being counted", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const maintenance = yield* Maintenance.Maintenance
        yield* kv.putMany(numbered(1500), { ...c, ttl: "1 minute" })
        yield* kv.put("alive", 1, c)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* maintenance.clearCollection(c), 1)
        assert.strictEqual(rows(database), 0)
      }).pipe(Effect.provide(store))
    })
  )
})
