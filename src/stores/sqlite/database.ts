import * as Result from "effect/Result"
import { createUnsafe, isInMemory, type Modes } from "./location.ts"

/**
 * The parts of `DatabaseSync` of `node:sqlite` that the store uses.
 *
 * They are declared here, so that your program compiles without the types of Node.
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
 * The parts of `StatementSync` of `node:sqlite` that the store uses.
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

/**
 * Loads the module only when a layer is built, so that a program that imports the store can start on any version of
 * Node.
 */
const sqlite = () => process.getBuiltinModule("node:sqlite")

/** Returns why this version of Node cannot run the store, or `undefined` if it can. */
export const problemOfRuntime = (): string | undefined =>
  sqlite()?.StatementSync.prototype.setReturnArrays === undefined
    ? `it needs node:sqlite of Node 22.16 or newer, but this is Node ${process.versions.node}`
    : undefined

/**
 * How long SQLite itself waits for a lock, in milliseconds. This blocks the event loop, and suffices for a typical
 * write of another process. For longer waits, the fiber sleeps.
 */
const blockingMillis = 5

/** Opens a file. Creates the file and its directory if they are missing. Throws. */
export const openUnsafe = (filename: string, modes: Modes): Database => {
  createUnsafe(filename, modes)
  const { DatabaseSync } = sqlite()!
  return new DatabaseSync(filename, { timeout: blockingMillis })
}

export interface Settings {
  readonly filename: string
  readonly synchronous: "normal" | "full"
  readonly secureDelete: boolean
}

/**
 * Sets up a connection that the layer has opened. Throws.
 *
 * `auto_vacuum` can be set only while a file is empty, and an existing setting is kept. A database in memory does not
 * need these settings, because it leaves nothing on a disk.
 */
export const configureUnsafe = (database: Database, { filename, synchronous, secureDelete }: Settings): void => {
  if (!isInMemory(filename)) {
    const [shrinks] = prepareUnsafe(database, "PRAGMA auto_vacuum").get() as unknown as [number]
    if (shrinks === 0) database.exec("PRAGMA auto_vacuum = INCREMENTAL")
    database.exec(`PRAGMA secure_delete = ${secureDelete ? "ON" : "OFF"}`)
  }
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`)
}

/** Writes the log back into the file, empties the log and closes the connection. Never throws. */
export const closeUnsafe = (database: Database): void => {
  Result.try(() => database.exec(checkpoint))
  Result.try(() => database.close())
}

/** Rewrites a file without its free space, and lets `incremental_vacuum` shrink it from then on. Throws. */
export const vacuumUnsafe = (database: Database): void => database.exec("PRAGMA auto_vacuum = INCREMENTAL; VACUUM;")

export const checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)"

/** Runs a checkpoint, and returns whether another connection blocked it. SQLite reports this in a row. Throws. */
export const isLogInUseUnsafe = (checkpoint: Statement): boolean =>
  (checkpoint.get() as unknown as [number] | undefined)?.[0] === 1

/**
 * Writes the log back into the file, and empties the log. If another connection blocks this, fails with an error that
 * `isBusy` recognizes.
 */
export const emptyLog = (database: Database): Result.Result<void, unknown> =>
  Result.flatMap(
    Result.try(() => isLogInUseUnsafe(prepareUnsafe(database, checkpoint))),
    (isInUse) =>
      isInUse ? Result.fail(Object.assign(new Error("database is locked"), { errcode: 5 })) : Result.succeed(undefined)
  )

/** Returns the absolute path of the file, or `undefined` for a database in memory. Throws. */
export const pathUnsafe = (database: Database): string | undefined => {
  const rows = prepareUnsafe(database, "PRAGMA database_list").all() as unknown as ReadonlyArray<ReadonlyArray<unknown>>
  return (rows.find(([, name]) => name === "main")?.[2] as string | undefined) || undefined
}

/** Prepares a statement that returns rows as arrays, whatever the defaults of the connection are. Throws. */
export const prepareUnsafe = (database: Database, sql: string): Statement => {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  statement.setReadBigInts(false)
  return statement
}
