/** Writes to a full Sqlite database, which first removes expired entries. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as Atomic from "../../../src/Atomic.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import { fill } from "../../support/fill.ts"
import { rows, withConnection } from "./support.ts"

describe("a full database", () => {
  it.effect("accepts single, conditional and batch writes when it holds only expired entries", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const { putIfAbsent } = yield* Atomic.Atomic
        database.exec("PRAGMA max_page_count = 60")
        const value = "x".repeat(1000)
        const room = yield* fill(kv, "first", value)
        assert.isAbove(room, 20)
        const refusal = yield* Effect.flip(kv.put("one more", value))
        assert.strictEqual(refusal._tag, "StoreError")
        assert.strictEqual("outcome" in refusal && refusal.outcome, "not-applied")
        assert.include(refusal.message, "disk is full")
        yield* TestClock.adjust("1 second")
        assert.isAbove(yield* fill(kv, "second", value), 20)
        yield* TestClock.adjust("1 second")
        yield* kv.putMany(Array.from({ length: 20 }, (_, i) => [`third-${i}`, value]))
        assert.strictEqual(rows(database), 20)
        yield* fill(kv, "fourth", value)
        yield* TestClock.adjust("1 second")
        assert.isTrue(yield* putIfAbsent("fifth", value))
        assert.isFalse(database.isTransaction)
      }).pipe(Effect.provide(store))
    })
  )
})
