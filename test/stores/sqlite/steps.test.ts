/** How often Sqlite lets the event loop run in large calls, and how that grows. */
import type { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Enumeration from "../../../src/Enumeration.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Maintenance from "../../../src/Maintenance.ts"
import { turnsOf } from "../../support/turnsOf.ts"
import { rows, withConnection } from "./support.ts"

const operations = Effect.fnUntraced(function* (database: DatabaseSync) {
  const kv = yield* KeyValue.KeyValue
  const { keys, collections } = yield* Enumeration.Enumeration
  const { clear, removeExpired } = yield* Maintenance.Maintenance
  const names = (n: number) => Array.from({ length: n }, (_, i) => `key-${i}`)
  const entries = (n: number) => names(n).map((key) => [key, 1] as const)
  return {
    putMany: (n: number) => [Effect.void, kv.putMany(entries(n))],
    getMany: (n: number) => [kv.putMany(entries(n)), kv.getMany(names(n))],
    keys: (n: number) => [kv.putMany(entries(n)), Stream.runDrain(keys())],
    collections: (n: number) => [
      Effect.andThen(
        kv.putMany(entries(n)),
        Effect.sync(() => database.exec("UPDATE entries SET collection = key"))
      ),
      Stream.runDrain(collections())
    ],
    clear: (n: number) => [kv.putMany(entries(n)), clear],
    removeExpired: (n: number) => [
      Effect.andThen(kv.putMany(entries(n), { ttl: "1 second" }), TestClock.adjust("1 second")),
      removeExpired
    ]
  } satisfies Record<string, (n: number) => readonly [Effect.Effect<unknown, unknown>, Effect.Effect<unknown, unknown>]>
})

describe("the event loop", () => {
  for (const name of ["putMany", "getMany", "keys", "collections", "clear", "removeExpired"] as const) {
    it.effect(`runs after each 1,000 entries of ${name}, and twice the entries take twice the turns`, () =>
      Effect.gen(function* () {
        const { database, store } = yield* withConnection
        yield* Effect.gen(function* () {
          const turns: Array<number> = []
          for (const n of [5000, 10_000]) {
            yield* (yield* Maintenance.Maintenance).clear
            const [prepare, run] = (yield* operations(database))[name](n)
            yield* prepare
            turns.push(yield* turnsOf(run as Effect.Effect<unknown, unknown>))
          }
          const [once, twice] = turns as [number, number]
          assert.isAtLeast(once, 4)
          assert.isAtLeast(twice, 9)
          assert.isAtMost(twice, 2.4 * once + 2)
        }).pipe(Effect.provide(store))
      })
    )
  }

  it.effect("runs while a large batch removes expired entries", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const entries = (prefix: string) => Array.from({ length: 3000 }, (_, i) => [`${prefix}-${i}`, 1] as const)
        yield* kv.putMany(entries("old"), { ttl: "1 second" })
        yield* kv.putMany(entries("older"), { ttl: "1 second" })
        yield* TestClock.adjust("1 second")
        assert.isAtLeast(yield* turnsOf(kv.putMany(entries("new"))), 8)
        assert.strictEqual(rows(database), 3000)
      }).pipe(Effect.provide(store))
    })
  )
})
