/** Tests that an increment in Sqlite reads and writes in one transaction, and leaves alone what it cannot read. */
import { assert, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Atomic from "../../../src/Atomic.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Sqlite from "../../../src/stores/Sqlite.ts"
import { connect, temporaryFile } from "./support.ts"

it.effect("no other connection can write between the read and the write of an increment", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const database = yield* connect(filename)
    const other = yield* connect(filename)
    const attempts: Array<boolean> = []
    yield* Effect.gen(function* () {
      const { increment } = yield* Atomic.Atomic
      yield* increment("n")
      const statement = database.prepare("SELECT 1")
      const prototype = Object.getPrototypeOf(statement) as typeof statement
      const get = prototype.get
      const spy = vi.spyOn(prototype, "get").mockImplementation(function (this: typeof statement, ...args: any) {
        const row = get.apply(this, args)
        attempts.push(Result.isSuccess(Result.try(() => other.exec("BEGIN IMMEDIATE; ROLLBACK"))))
        return row
      })
      yield* Effect.ensuring(
        increment("n"),
        Effect.sync(() => spy.mockRestore())
      )
      assert.deepStrictEqual(attempts, [false])
      assert.strictEqual(yield* KeyValue.KeyValue.use((kv) => kv.get("n")), 2)
    }).pipe(Effect.provide(Sqlite.layer({ database })))
  })
)

it.effect("an increment fails with DeserializationError for a row that cannot be read, and keeps it", () =>
  Effect.gen(function* () {
    const database = yield* connect(yield* temporaryFile)
    yield* Effect.gen(function* () {
      const { increment } = yield* Atomic.Atomic
      yield* increment("n")
      const changes = ["entry = 'not JSON'", "entry = 9007199254740993", "expires_at = 9007199254740993"]
      for (const change of changes) {
        database.exec(`UPDATE ${table(database)} SET ${change}`)
        assert.strictEqual((yield* Effect.flip(increment("n")))._tag, "DeserializationError", change)
      }
    }).pipe(Effect.provide(Sqlite.layer({ database })))
  })
)

/** The name of the store's table. */
const table = (database: { prepare: (sql: string) => { get: () => unknown } }): string =>
  (database.prepare("SELECT name FROM effect_kv_tables").get() as { readonly name: string }).name
