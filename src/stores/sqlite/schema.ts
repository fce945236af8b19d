import type * as Result from "effect/Result"
import { type Database, prepareUnsafe } from "./database.ts"
import type { Transactions } from "./transaction.ts"

/** The table that lists the tables of effect-kv in a database, with the version and the number of writers of each. */
const registry = "effect_kv_tables"

/** Quotes a name as an SQL identifier. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Returns why a table name is not valid, or `undefined`. */
export const problemOf = (name: string): string | undefined => {
  if (name === "") return "table must have a name"
  if (name.includes("\0") || !name.isWellFormed()) return "table must be well-formed text without U+0000"
  return /^(sqlite|effect_kv)_/i.test(name)
    ? `table must not be ${name}: names that start with sqlite_ or effect_kv_ are reserved`
    : undefined
}

/** Returns the name of a table's index. No other program uses such a name. */
const expiryIndexOf = (table: string): string => `effect_kv_expiry_${table}`

/** SQL statements that bring a table from one version to the next. */
export type Migration = (table: string) => string

/**
 * Version 1: one row per entry.
 *
 * `entry` is the last column, so that SQLite can read the other columns without a large entry. The table has a rowid,
 * because `WITHOUT ROWID` is slower with entries of typical size.
 */
const create: Migration = (table) => `
  CREATE TABLE ${quote(table)} (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    expires_at INTEGER,
    version TEXT NOT NULL,
    entry ANY NOT NULL,
    PRIMARY KEY (collection, key)
  ) STRICT;
  CREATE INDEX ${quote(expiryIndexOf(table))} ON ${quote(table)} (expires_at) WHERE expires_at IS NOT NULL;`

/** The steps from each version to the next. Only append to this list, and never change a published step. */
export const migrations: ReadonlyArray<Migration> = [create]

/** The result of {@link migrate}: a number for the writer, or the reason why the table cannot be used. */
export type Migrated =
  | {
      /** A number that no other writer of the table ever gets. It is the beginning of the versions of entries. */
      readonly writer: number
    }
  | { readonly problem: string }

/**
 * Creates a table, or brings it to the newest version. A table of another program or of a newer version cannot be used.
 * Fails with the exception of `node:sqlite`.
 */
export const migrate = (
  database: Database,
  transactions: Transactions,
  table: string,
  steps: ReadonlyArray<Migration> = migrations
): Result.Result<Migrated, unknown> =>
  transactions.writing((): Migrated => {
    const encoding = prepareUnsafe(database, "PRAGMA encoding").get() as unknown as [string]
    if (encoding[0] !== "UTF-8") return { problem: `the encoding of the database is ${encoding[0]}, but must be UTF-8` }
    const registered = registeredVersion(database, table)
    const exists = objectExists(database, table)
    if (exists && registered === undefined) return { problem: problemOfUnregistered(database, table) }
    const version = exists ? registered! : 0
    if (version > steps.length) {
      return {
        problem: `the table ${quote(table)} has version ${version}, but this version of effect-kv supports at most version ${steps.length}`
      }
    }
    for (const step of steps.slice(version)) database.exec(step(table))
    return { writer: register(database, table, steps.length) }
  })

/** Returns why a table exists but is not registered: it belongs to another program, or the database is damaged. */
const problemOfUnregistered = (database: Database, table: string): string => {
  const damaged = "the database is damaged: restore a backup"
  if (objectExists(database, registry)) {
    const [found] = prepareUnsafe(database, `PRAGMA integrity_check(${registry})`).get() as unknown as [string]
    if (found !== "ok") return `${damaged} (${found})`
  }
  return objectExists(database, expiryIndexOf(table))
    ? `${damaged} (the table ${quote(table)} is missing from ${registry})`
    : `the table ${quote(table)} already exists, and effect-kv did not create it`
}

const objectExists = (database: Database, name: string): boolean =>
  prepareUnsafe(database, "SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE").get(name) !== undefined

const registeredVersion = (database: Database, table: string): number | undefined => {
  if (!objectExists(database, registry)) return undefined
  const row = prepareUnsafe(database, `SELECT schema_version FROM ${registry} WHERE name = ?`).get(table)
  return (row as unknown as [number] | undefined)?.[0]
}

const register = (database: Database, table: string, version: number): number => {
  database.exec(`
    CREATE TABLE IF NOT EXISTS ${registry} (
      name TEXT PRIMARY KEY COLLATE NOCASE,
      schema_version INTEGER NOT NULL,
      writers INTEGER NOT NULL
    ) STRICT`)
  const row = prepareUnsafe(
    database,
    `INSERT INTO ${registry} VALUES (?, ?, 1)
     ON CONFLICT (name) DO UPDATE SET schema_version = excluded.schema_version, writers = writers + 1
     RETURNING writers`
  ).get(table, version)
  return (row as unknown as [number])[0]
}
