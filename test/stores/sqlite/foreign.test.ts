/** Rows in Sqlite's table that effect-kv would not write. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Atomic from "../../../src/Atomic.ts"
import { Enumeration } from "../../../src/Enumeration.ts"
import { KeyValue } from "../../../src/KeyValue.ts"
import { Maintenance } from "../../../src/Maintenance.ts"
import * as Rotation from "../../../src/Rotation.ts"
import { rows, withConnection } from "./support.ts"

const row = (collection: string, key: string, expiry: string, version: string) =>
  `INSERT INTO entries VALUES (CAST(x'${collection}' AS TEXT), CAST(x'${key}' AS TEXT), ${expiry}, ${version}, '{"value":{}}')`

const hex = (name: string): string => Buffer.from(name).toString("hex")

describe("rows with names that are not UTF-8, or expiries that are not safe integers", () => {
  it.effect("are left out of listings, which end with every page size", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue
        const { keys, collections } = yield* Enumeration
        yield* kv.put("a", 1, { collection: "a" })
        yield* kv.put("z\uFFFD", 1, { collection: "a" })
        yield* kv.put("k", 1, { collection: "z\uFFFD" })
        for (const key of ["61ff", "ff", "c3", "eda080"]) database.exec(row(hex("a"), key, "NULL", "'1.0'"))
        for (const collection of ["61ff", "fffe"]) database.exec(row(collection, "61", "NULL", "'1.0'"))
        database.exec(row(hex("a"), hex("late"), "9223372036854775807", "'1.0'"))
        database.exec(row(hex("a"), hex("gone"), "-9223372036854775808", "'1.0'"))
        for (const pageSize of [1, 2, 1000]) {
          assert.deepStrictEqual(yield* Stream.runCollect(keys({ collection: "a", pageSize })), [
            "a",
            "late",
            "z\uFFFD"
          ])
          assert.deepStrictEqual(yield* Stream.runCollect(collections({ pageSize })), ["a", "z\uFFFD"])
        }
        // Clears all of the collection `a`, of which one row has expired and is not counted.
        assert.strictEqual(yield* (yield* Maintenance).clear, 8)
        assert.strictEqual(rows(database), 2)
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("can be replaced, but not updated, when their version is not UTF-8", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const { update } = yield* Atomic.Atomic
        const kv = yield* KeyValue
        database.exec(row(hex("default_collection"), hex("k"), "NULL", "CAST(x'ff00' AS TEXT)"))
        assert.deepStrictEqual(yield* kv.get("k"), {})
        assert.strictEqual((yield* Effect.flip(update("k", () => 1)))._tag, "DeserializationError")
        yield* kv.put("k", 2)
        assert.strictEqual(yield* update("k", () => 3), 3)
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("cannot be read when their integers are not safe, and do not stop a rotation", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* kv.put("good", 1)
        for (const key of ["a", "z"]) {
          database.exec(row(hex("default_collection"), hex(key), "9223372036854775807", "'1.0'"))
          assert.strictEqual((yield* Effect.flip(kv.get(key)))._tag, "DeserializationError")
          assert.strictEqual((yield* Effect.flip(kv.getMany(["good", key])))._tag, "DeserializationError")
        }
        database.exec("UPDATE entries SET entry = 9007199254740993, expires_at = NULL WHERE key = 'a'")
        assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "DeserializationError")
        const [progress] = yield* Stream.runCollect(Rotation.rotate())
        assert.deepStrictEqual(
          progress?.failed.map(({ _tag, keys }) => [_tag, keys]),
          [
            ["DeserializationError", ["a"]],
            ["DeserializationError", ["z"]]
          ]
        )
        yield* kv.put("a", 2)
        assert.strictEqual(yield* kv.get("a"), 2)
      }).pipe(Effect.provide(store))
    })
  )
})
