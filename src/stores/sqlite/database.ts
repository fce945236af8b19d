import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync, type StatementSync } from "node:sqlite"

/** The only file that knows node:sqlite. */
export type Database = DatabaseSync

export type Statement = StatementSync

/**
 * How many milliseconds SQLite itself waits for a lock. It blocks the event loop meanwhile, so it is just long enough
 * for the usual write of another process; longer waits are pauses of the fiber.
 */
const blockingMillis = 5

const isPath = (filename: string): boolean => filename !== ":memory:" && !filename.startsWith("file:")

/** Opens a file, in a directory that is made if it is not there. Throws. */
export const openUnsafe = (filename: string): Database => {
  if (isPath(filename)) mkdirSync(dirname(filename), { recursive: true })
  return new DatabaseSync(filename, { timeout: blockingMillis })
}

/** Sets up a connection of this library's own; in memory there is no log. Throws. */
export const configureUnsafe = (database: Database, synchronous: "normal" | "full"): void =>
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`)

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
