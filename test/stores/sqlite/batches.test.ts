/** Batches of Sqlite: atomicity, foreign transactions, consistent reads and repeated keys. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as KeyValue from "../../../src/KeyValue.ts"
import { connect, rows, withConnection } from "./support.ts"

const c = { collection: "c" }

describe("batches", () => {
  it.effect("change nothing when they fail half-way, and leave the store usable", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.putMany(
          [
            ["a", "before"],
            ["kept", 1]
          ],
          c
        )
        database.exec(
          `CREATE TRIGGER i BEFORE INSERT ON entries WHEN NEW.key = 'bad' BEGIN SELECT RAISE(ABORT, 'not this'); END;
           CREATE TRIGGER d BEFORE DELETE ON entries WHEN OLD.key = 'kept' BEGIN SELECT RAISE(ABORT, 'not that'); END`
        )

        const put = yield* Effect.flip(
          kv.putMany(
            [
              ["a", "after"],
              ["b", 1],
              ["bad", 1],
              ["d", 1]
            ],
            c
          )
        )
        assert.strictEqual(put._tag, "StoreError")
        assert.include(put.message, "not this")
        assert.strictEqual("outcome" in put && put.outcome, "not-applied")
        assert.deepStrictEqual(yield* kv.getMany(["a", "b", "d"], c), ["before", undefined, undefined])

        assert.include((yield* Effect.flip(kv.deleteMany(["a", "kept"], c))).message, "not that")
        assert.strictEqual(yield* kv.get("a", c), "before")

        assert.isFalse(database.isTransaction)
        yield* kv.putMany(
          [
            ["e", 1],
            ["f", 2]
          ],
          c
        )
        assert.deepStrictEqual(yield* kv.getMany(["e", "f"], c), [1, 2])
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("are refused inside a transaction of the connection's owner, which stays open", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        database.exec("BEGIN; CREATE TABLE theirs (x)")
        const error = yield* Effect.flip(
          kv.putMany([
            ["a", 1],
            ["b", 1]
          ])
        )
        assert.strictEqual(error._tag, "StoreError")
        assert.isTrue(database.isTransaction)
        database.exec("COMMIT")
        assert.strictEqual(rows(database, "theirs"), 0)
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("read one consistent state while another connection writes", () =>
    Effect.gen(function* () {
      const { database, filename, store } = yield* withConnection
      const other = yield* connect(filename)
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.putMany(
          [
            ["a", 1],
            ["b", 1]
          ],
          c
        )
        let writes = 0
        database.function("meanwhile", () => {
          if (writes++ === 0) other.exec(`UPDATE entries SET entry = replace(entry, '"value":1', '"value":2')`)
          return 1
        })
        database.exec("CREATE TEMP VIEW entries AS SELECT * FROM main.entries WHERE meanwhile() = 1")
        assert.deepStrictEqual(yield* kv.getMany(["a", "b"], c), [1, 1])
        assert.isAbove(writes, 1)
        assert.deepStrictEqual(yield* kv.getMany(["a", "b"], c), [2, 2])
      }).pipe(Effect.provide(store))
    })
  )

  it.effect("store the last value of a repeated key", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.putMany([
          ["a", 1],
          ["a", 2]
        ])
        assert.deepStrictEqual(yield* kv.getMany(["a", "a"]), [2, 2])
        assert.strictEqual(rows(database), 1)
        assert.strictEqual(yield* kv.deleteMany(["a", "a"]), 1)
      }).pipe(Effect.provide(store))
    })
  )
})
