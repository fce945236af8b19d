import { DatabaseSync, type StatementSync } from "node:sqlite"
import * as Result from "effect/Result"
import { createUnsafe, isInMemory, type Modes } from "./location.ts"

/** The only file that knows node:sqlite. */
export type Database = DatabaseSync

export type Statement = StatementSync

/**
 * How many milliseconds SQLite itself waits for a lock. It blocks the event loop meanwhile, so it is just long enough
 * for the usual write of another process; longer waits are pauses of the fiber.
 */
const blockingMillis = 5

/** Opens a file, which is made if it is missing, and so is its directory. Throws. */
export const openUnsafe = (filename: string, modes: Modes): Database => {
  createUnsafe(filename, modes)
  return new DatabaseSync(filename, { timeout: blockingMillis })
}

export interface Settings {
  readonly filename: string
  readonly synchronous: "normal" | "full"
  readonly secureDelete: boolean
}

/**
 * Sets up a connection of this library's own; in memory there is no log, and nothing to be left on a disk. A file can only
 * be given a way to shrink while it is empty. Throws.
 */
export const configureUnsafe = (database: Database, { filename, synchronous, secureDelete }: Settings): void => {
  if (!isInMemory(filename)) {
    database.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = ${secureDelete ? "ON" : "OFF"};`)
  }
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`)
}

/** Writes the log back into the file, empties it and closes. As the last connection, SQLite removes the log. Never throws. */
export const closeUnsafe = (database: Database): void => {
  Result.try(() => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"))
  Result.try(() => database.close())
}

/** Writes a file anew without what it has free, and so that it can shrink by itself from then on. Throws. */
export const vacuumUnsafe = (database: Database): void =>
  database.exec("PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")

/** The absolute path of its file; `undefined` for a database in memory. Throws. */
export const pathUnsafe = (database: Database): string | undefined => {
  const rows = prepareUnsafe(database, "PRAGMA database_list").all() as unknown as ReadonlyArray<ReadonlyArray<unknown>>
  return (rows.find(([, name]) => name === "main")?.[2] as string | undefined) || undefined
}

/** Prepares a statement that answers rows as arrays, whatever the connection's own defaults are. Throws. */
export const prepareUnsafe = (database: Database, sql: string): Statement => {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  statement.setReadBigInts(false)
  return statement
}
