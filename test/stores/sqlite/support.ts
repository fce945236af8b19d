import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite"
import * as Effect from "effect/Effect"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Sqlite from "../../../src/stores/Sqlite.ts"

/** A path in a directory that is removed with the test. */
export const temporaryFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "effect-kv-sqlite-"))),
    (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
  ),
  (directory) => join(directory, "test.db")
)

/** A separate connection for the test. */
export const connect = (filename: string, options: DatabaseSyncOptions = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => new DatabaseSync(filename, options)),
    (database) => Effect.sync(() => database.isOpen && database.close())
  )

/** A store over a connection that the test holds, too, so that the test can change the database. */
export const withConnection = Effect.gen(function* () {
  const filename = yield* temporaryFile
  const database = yield* connect(filename)
  database.exec("PRAGMA journal_mode = WAL")
  return { filename, database, store: Sqlite.layer({ database }) }
})

/** The error with which a layer cannot be built. */
export const refused = (options: Sqlite.Options) =>
  Effect.flip(Effect.scoped(Effect.provide(KeyValue.KeyValue, Sqlite.layer(options))))

/** How many rows a table has, expired entries included. */
export const rows = (database: DatabaseSync, table = "entries"): unknown =>
  database.prepare(`SELECT count(*) AS n FROM "${table}"`).get()?.n

/** Uses a store for as long as the effect takes. */
export const withStore =
  (options?: Sqlite.Options) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provide(effect, Sqlite.layer(options))
