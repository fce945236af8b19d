/**
 * Sqlite's errors on a full disk, a read-only or damaged database, rows that are not entries, and closed connections.
 */
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Atomic from "../../../src/Atomic.ts"
import * as Enumeration from "../../../src/Enumeration.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Maintenance from "../../../src/Maintenance.ts"
import { temporaryFile, withConnection, withStore } from "./support.ts"

const c = { collection: "c" }

describe("failures", () => {
  it.effect("fails writes on a full disk, and keeps the old values", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("a", "before", c)
        database.exec(`PRAGMA max_page_count = ${database.prepare("PRAGMA page_count").get()?.page_count}`)
        const large = "x".repeat(100_000)
        for (const error of [
          yield* Effect.flip(kv.put("a", large, c)),
          yield* Effect.flip(
            kv.putMany(
              [
                ["b", 1],
                ["a", large]
              ],
              c
            )
          )
        ]) {
          assert.strictEqual(error._tag, "StoreError")
          assert.include(error.message, "the disk is full")
        }
        assert.deepStrictEqual(yield* kv.getMany(["a", "b"], c), ["before", undefined])
        assert.isFalse(database.isTransaction)
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("fails every write to a database that has become read-only, and still reads", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const { putIfAbsent } = yield* Atomic.Atomic
        const maintenance = yield* Maintenance.Maintenance
        yield* kv.put("a", 1, c)
        database.exec("PRAGMA query_only = 1")
        for (const error of [
          yield* Effect.flip(kv.put("a", 2, c)),
          yield* Effect.flip(kv.delete("a", c)),
          yield* Effect.flip(putIfAbsent("b", 2, c)),
          yield* Effect.flip(maintenance.clear)
        ]) {
          assert.strictEqual(error._tag, "StoreError")
          assert.include(error.message, "read-only")
        }
        assert.strictEqual(yield* kv.get("a", c), 1)
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("fails with StoreError, instead of a miss, when the file is damaged", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const keys = Array.from({ length: 300 }, (_, i) => `key-${i}`)
      yield* Effect.flatMap(KeyValue.KeyValue, (kv) =>
        kv.putMany(keys.map((key) => [key, "x".repeat(500)] as const))
      ).pipe(withStore({ filename }))
      const pages = fs.readFileSync(filename)
      fs.writeFileSync(filename, pages.fill(0xa5, 16 * 4096))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const error = yield* Effect.flip(kv.getMany(keys))
        assert.strictEqual(error._tag, "StoreError")
        assert.include(error.message, "damaged")
      }).pipe(withStore({ filename }))
    })
  )

  it.effect("fails with DeserializationError, which names the key, for a row that is not an entry", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.putMany(
          [
            ["a", 1],
            ["b", 1]
          ],
          c
        )
        for (const entry of ["'{}'", "'nonsense'", "x'ff'", "5"]) {
          database.exec(`UPDATE entries SET entry = ${entry} WHERE key = 'b'`)
          const error = yield* Effect.flip(kv.getMany(["a", "b"], c))
          assert.strictEqual(error._tag, "DeserializationError")
          assert.deepStrictEqual("keys" in error && error.keys, ["b"])
        }
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("fails every operation when the owner has closed the connection or dropped the table", () =>
    Effect.gen(function* () {
      for (const sql of ["DROP TABLE entries", undefined]) {
        const { database, store } = yield* withConnection
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const { keys, collections } = yield* Enumeration.Enumeration
          const maintenance = yield* Maintenance.Maintenance
          const { update } = yield* Atomic.Atomic
          if (sql === undefined) database.close()
          else database.exec(sql)
          const operations: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
            kv.get("a"),
            kv.getMany(["a", "b"]),
            kv.put("a", 1),
            kv.putMany([
              ["a", 1],
              ["b", 1]
            ]),
            kv.delete("a"),
            kv.deleteMany(["a", "b"]),
            update("a", () => 1),
            Stream.runCollect(keys()),
            Stream.runCollect(collections()),
            maintenance.clear,
            maintenance.removeExpired
          ]
          for (const operation of operations) {
            assert.strictEqual((yield* Effect.flip(operation))._tag, "StoreError")
          }
        }).pipe(Effect.provide(store))
      }
    })
  )
})
