import type * as Result from "effect/Result"
import { type Database, prepareUnsafe } from "./database.ts"
import type { Transactions } from "./transaction.ts"

/** The table that all tables of this library in a database share: the version and the writers of each of them. */
const registry = "effect_kv_tables"

/** An SQL identifier, whatever its characters are. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Why a table cannot have this name; `undefined` if it can. */
export const problemOf = (name: string): string | undefined => {
  if (name === "") return "table must have a name"
  if (name.includes("\0") || !name.isWellFormed()) return "table must be well-formed text without U+0000"
  return /^(sqlite|effect_kv)_/i.test(name) ? `table must not be ${name}: names like this are reserved` : undefined
}

/** The name of a table's index, which no other library uses. */
const expiryIndexOf = (table: string): string => `effect_kv_expiry_${table}`

/** SQL statements that bring a table from one version to the next. */
export type Migration = (table: string) => string

/**
 * Version 1: one row an entry.
 *
 * `entry` is last, so that the other columns of a large one are read without it. The rowid is kept: with entries of a
 * usual size, `WITHOUT ROWID` is slower.
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

/** The steps from each version to the next. Append to them; never change a published one. */
export const migrations: ReadonlyArray<Migration> = [create]

/** A table that is ready for a writer, or why it cannot be used. */
export type Migrated =
  | {
      /** A number that no other writer of the table ever gets: versions of entries begin with it. */
      readonly writer: number
    }
  | { readonly problem: string }

/**
 * Brings a table to the newest version. It cannot be used if it is not one of this library, or of a newer version. Fails
 * with what node:sqlite throws.
 */
export const migrate = (
  database: Database,
  transactions: Transactions,
  table: string,
  steps: ReadonlyArray<Migration> = migrations
): Result.Result<Migrated, unknown> =>
  transactions.writing((): Migrated => {
    const encoding = prepareUnsafe(database, "PRAGMA encoding").get() as unknown as [string]
    if (encoding[0] !== "UTF-8") return { problem: `the database is in ${encoding[0]}, and must be in UTF-8` }
    const registered = registeredVersion(database, table)
    const exists = objectExists(database, table)
    if (exists && registered === undefined) return { problem: problemOfUnregistered(database, table) }
    const version = exists ? registered! : 0
    if (version > steps.length) {
      return {
        problem: `the table ${quote(table)} has version ${version}, and this version of effect-kv knows ${steps.length} at most`
      }
    }
    for (const step of steps.slice(version)) database.exec(step(table))
    return { writer: register(database, table, steps.length) }
  })

/** Why a table exists but is not registered: it is not one of this library, or the database is damaged. */
const problemOfUnregistered = (database: Database, table: string): string => {
  const damaged = "the database is damaged: restore a backup"
  if (objectExists(database, registry)) {
    const [found] = prepareUnsafe(database, `PRAGMA integrity_check(${registry})`).get() as unknown as [string]
    if (found !== "ok") return `${damaged} (${found})`
  }
  return objectExists(database, expiryIndexOf(table))
    ? `${damaged} (the table ${quote(table)} is missing from ${registry})`
    : `the table ${quote(table)} exists already, and is not one of this library`
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
