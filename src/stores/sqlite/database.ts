import { mkdirSync } from "node:fs"
import { dirname } from "node:path"

/**
 * What the store uses of a `DatabaseSync` of `node:sqlite`.
 *
 * It is described here, so that types can be checked without those of Node.
 *
 * @since 0.1.0
 */
export interface Database {
  readonly isOpen: boolean
  readonly isTransaction: boolean
  prepare(sql: string): Statement
  exec(sql: string): void
  close(): void
}

/**
 * What the store uses of a `StatementSync` of `node:sqlite`.
 *
 * @since 0.1.0
 */
export interface Statement {
  all(...parameters: Array<Parameter>): Array<unknown>
  get(...parameters: Array<Parameter>): unknown
  run(...parameters: Array<Parameter>): { readonly changes: number | bigint }
  setReturnArrays(enabled: boolean): void
  setReadBigInts(enabled: boolean): void
}

type Parameter = null | number | bigint | string | Uint8Array

/** Loaded when a layer is built, so that a program which imports the store starts on any Node. */
const sqlite = () => process.getBuiltinModule("node:sqlite")

/** Why this version of Node has no SQLite that the store can use, if so. */
export const problemOfRuntime = (): string | undefined =>
  sqlite()?.StatementSync.prototype.setReturnArrays === undefined
    ? `it needs the node:sqlite of Node 22.16 or newer, and this is Node ${process.versions.node}`
    : undefined

/**
 * How many milliseconds SQLite itself waits for a lock. It blocks the event loop meanwhile, so it is just long enough
 * for the usual write of another process; longer waits are pauses of the fiber.
 */
const blockingMillis = 5

const isPath = (filename: string): boolean => filename !== ":memory:" && !filename.startsWith("file:")

/** Opens a file, in a directory that is made if it is not there. Throws. */
export const openUnsafe = (filename: string): Database => {
  if (isPath(filename)) mkdirSync(dirname(filename), { recursive: true })
  const { DatabaseSync } = sqlite()!
  return new DatabaseSync(filename, { timeout: blockingMillis })
}

/** Sets up a connection of this library's own; in memory there is no log. Throws. */
export const configureUnsafe = (database: Database, synchronous: "normal" | "full"): void =>
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`)

/** Prepares a statement that answers rows as arrays, whatever the connection's own defaults are. Throws. */
export const prepareUnsafe = (database: Database, sql: string): Statement => {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  statement.setReadBigInts(false)
  return statement
}
