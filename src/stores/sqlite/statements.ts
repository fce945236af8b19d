import { checkpoint, type Database, prepareUnsafe } from "./database.ts"
import { quote } from "./schema.ts"

/** Returns the condition that an entry has not expired. `now` is the parameter with the current time. */
const notExpired = (now: string) => `(expires_at IS NULL OR expires_at > ${now})`

const replace = "UPDATE SET expires_at = excluded.expires_at, version = excluded.version, entry = excluded.entry"

/** How many pages of the file (4 KiB each) one step frees. The event loop must not be blocked for long. */
const pagesPerShrink = 1000

/** Prepares all statements on a table. Throws if the table does not have the expected columns. */
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
    /** collection, key, expiry, version, entry, now: writes only if there is no entry */
    putIfAbsent: prepare(`${insert} ON CONFLICT (collection, key) DO ${replace} WHERE expires_at <= ?6`),
    /** collection, key, expiry, version, entry, now, expected version */
    putIfVersion: prepare(
      `UPDATE ${table} SET expires_at = ?3, version = ?4, entry = ?5
       WHERE collection = ?1 AND key = ?2 AND version = ?7 AND ${notExpired("?6")}`
    ),
    /** collection, key, now */
    delete: prepare(`DELETE FROM ${table} WHERE collection = ?1 AND key = ?2 AND ${notExpired("?3")}`),
    /** collection, key, now, expected version */
    deleteIfVersion: prepare(
      `DELETE FROM ${table} WHERE collection = ?1 AND key = ?2 AND version = ?4 AND ${notExpired("?3")}`
    ),
    /** collection, from, to, limit, now → {@link KeyRow} in the order of the keys, including expired entries */
    keys: prepare(
      `SELECT CAST(key AS BLOB), ${notExpired("?5")} FROM ${table}
       WHERE collection = ?1 AND key >= CAST(?2 AS TEXT) AND key < ?3 ORDER BY key LIMIT ?4`
    ),
    /** from, to → [first collection in the range, as bytes] */
    firstCollection: prepare(
      `SELECT CAST(collection AS BLOB) FROM ${table}
       WHERE collection >= CAST(?1 AS TEXT) AND collection < ?2 ORDER BY collection LIMIT 1`
    ),
    /** collection, from, to, now → [1] if there is a key */
    hasKey: prepare(
      `SELECT 1 FROM ${table} WHERE collection = ?1 AND key >= ?2 AND key < ?3 AND ${notExpired("?4")} LIMIT 1`
    ),
    /** collection, from, to, limit, now → [1] for each removed entry that had not expired, [0] for each other one */
    clear: prepare(
      `DELETE FROM ${table} WHERE rowid IN
       (SELECT rowid FROM ${table} WHERE collection = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4)
       RETURNING ${notExpired("?5")}`
    ),
    /** → [1] if another connection blocked it. Writes the log back into the file, and empties the log. */
    checkpoint: prepare(checkpoint),
    /** → [number of free pages in the file] */
    freePages: prepare("PRAGMA freelist_count"),
    /** Returns some free pages to the file system. Has no effect on a file without `auto_vacuum`. */
    shrink: prepare(`PRAGMA incremental_vacuum(${pagesPerShrink})`),
    /** now, limit */
    removeExpired: prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE expires_at <= ?1 LIMIT ?2)`
    ),
    /** now, expiry and row after which to continue, limit → {@link ExpiredRow} */
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
