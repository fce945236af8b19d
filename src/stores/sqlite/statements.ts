import { checkpoint, type Database, prepareUnsafe } from "./database.ts"
import { quote } from "./schema.ts"

/** The condition that an entry has not expired. `now` is the parameter with the time. */
const notExpired = (now: string) => `(expires_at IS NULL OR expires_at > ${now})`

const replace = "UPDATE SET expires_at = excluded.expires_at, version = excluded.version, entry = excluded.entry"

/** How many pages of the file (4 KiB each) one step gives back, so that the event loop is not held up for long. */
const pagesPerShrink = 1000

/** All statements on a table, prepared once. Throws when the table is not as it should be. */
export const prepareAllUnsafe = (database: Database, name: string) => {
  const table = quote(name)
  const prepare = (sql: string) => prepareUnsafe(database, sql)
  const insert = `INSERT INTO ${table} (collection, key, expires_at, version, entry) VALUES (?1, ?2, ?3, ?4, ?5)`
  return {
    /** collection, key, now → {@link EntryRow} */
    get: prepare(
      `SELECT entry, expires_at, version FROM ${table} WHERE collection = ?1 AND key = ?2 AND ${notExpired("?3")}`
    ),
    /** collection, key, expiry, version, entry */
    put: prepare(`${insert} ON CONFLICT (collection, key) DO ${replace}`),
    /** collection, key, expiry, version, entry, now: unless there is an entry */
    putIfAbsent: prepare(`${insert} ON CONFLICT (collection, key) DO ${replace} WHERE expires_at <= ?6`),
    /** collection, key, expiry, version, entry, now, version expected */
    putIfVersion: prepare(
      `UPDATE ${table} SET expires_at = ?3, version = ?4, entry = ?5
       WHERE collection = ?1 AND key = ?2 AND version = ?7 AND ${notExpired("?6")}`
    ),
    /** collection, key, now */
    delete: prepare(`DELETE FROM ${table} WHERE collection = ?1 AND key = ?2 AND ${notExpired("?3")}`),
    /** collection, key, now, version expected */
    deleteIfVersion: prepare(
      `DELETE FROM ${table} WHERE collection = ?1 AND key = ?2 AND version = ?4 AND ${notExpired("?3")}`
    ),
    /** collection, from, to, how many, now → {@link KeyRow} in the order of the keys, expired ones too */
    keys: prepare(
      `SELECT CAST(key AS BLOB), ${notExpired("?5")} FROM ${table}
       WHERE collection = ?1 AND key >= CAST(?2 AS TEXT) AND key < ?3 ORDER BY key LIMIT ?4`
    ),
    /** from, to → [collection] that is the first of them, as bytes */
    firstCollection: prepare(
      `SELECT CAST(collection AS BLOB) FROM ${table}
       WHERE collection >= CAST(?1 AS TEXT) AND collection < ?2 ORDER BY collection LIMIT 1`
    ),
    /** collection, from, to, now → [1] if there is a key */
    hasKey: prepare(
      `SELECT 1 FROM ${table} WHERE collection = ?1 AND key >= ?2 AND key < ?3 AND ${notExpired("?4")} LIMIT 1`
    ),
    /** collection, from, to, how many, now → [1] for each removed entry that had not expired, [0] for the others */
    clear: prepare(
      `DELETE FROM ${table} WHERE rowid IN
       (SELECT rowid FROM ${table} WHERE collection = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4)
       RETURNING ${notExpired("?5")}`
    ),
    /** → [1] if another connection was in the way. Writes the log back into the file, and empties it. */
    checkpoint: prepare(checkpoint),
    /** → [how many pages of the file are free] */
    freePages: prepare("PRAGMA freelist_count"),
    /** Gives some of the free pages back to the file system. Does nothing to a file that was made without the ability. */
    shrink: prepare(`PRAGMA incremental_vacuum(${pagesPerShrink})`),
    /** now, how many */
    removeExpired: prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE expires_at <= ?1 LIMIT ?2)`
    ),
    /** now, expiry and row to go on behind, how many → {@link ExpiredRow} */
    expired: prepare(
      `SELECT expires_at, rowid, CAST(collection AS BLOB), CAST(key AS BLOB) FROM ${table}
       WHERE expires_at <= ?1 AND (expires_at, rowid) > (?2, ?3) ORDER BY expires_at, rowid LIMIT ?4`
    ),
    /** row, now */
    removeIfExpired: prepare(`DELETE FROM ${table} WHERE rowid = ?1 AND expires_at <= ?2`)
  }
}

/** @internal */
export type Statements = ReturnType<typeof prepareAllUnsafe>

/** An entry as stored: text for JSON, a blob for bytes. */
export type EntryRow = readonly [entry: string | Uint8Array, expiresAt: number | null, version: string]

/** An entry that has expired, with its names as bytes. */
export type ExpiredRow = readonly [expiresAt: number, row: number, collection: Uint8Array, key: Uint8Array]

/** A key as bytes, since text that another program wrote need not be UTF-8, and whether it has not expired. */
export type KeyRow = readonly [key: Uint8Array, isLive: 0 | 1]
