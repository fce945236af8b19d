import type { Call } from "../../driver/Call.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import { storeFailure } from "../../driver/storeFailure.ts"
import type { StoreError, StoreUnavailableError } from "../../KeyValueError.ts"

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that have something to say to a user. */
const reasons: Readonly<Record<number, string>> = {
  3: "no permission",
  5: "another connection holds the lock",
  6: "another statement holds the table",
  7: "out of memory",
  8: "the database is read-only: check the permissions of the file and of its directory",
  10: "an input or output error of the disk",
  11: "the database is damaged: restore a backup",
  13: "the disk is full",
  14: "the file cannot be opened: check that it is a file, and the permissions of its directory",
  15: "the lock of the write-ahead log is taken",
  18: "the entry is larger than SQLite can hold",
  23: "access denied",
  26: "the file is not a SQLite database"
}

const busyCodes: ReadonlySet<number> = new Set([5, 6, 15])

/** The primary result code of what node:sqlite threw. */
const codeOf = (cause: unknown): number | undefined => {
  const code = cause instanceof Error ? (cause as { readonly errcode?: unknown }).errcode : undefined
  return typeof code === "number" ? code & 0xff : undefined
}

/** Is it a lock that somebody else holds, and will let go of? Nothing has been done then. */
export const isBusy = (cause: unknown): boolean => {
  const code = codeOf(cause)
  return code !== undefined && busyCodes.has(code)
}

/** Is the disk, or the size that the database may have, used up? */
export const isFull = (cause: unknown): boolean => codeOf(cause) === 13

/** Is it a row with an integer beyond 2^53, which somebody else wrote? */
export const isOutOfRange = (cause: unknown): boolean =>
  cause instanceof Error && (cause as { readonly code?: unknown }).code === "ERR_OUT_OF_RANGE"

/** Says what happened, with SQLite's own words where they add something. */
export const reasonOf = (cause: unknown): string => {
  const code = codeOf(cause)
  const known = code === undefined ? undefined : reasons[code]
  const message = cause instanceof Error ? cause.message : String(cause)
  return known === undefined ? message : `${known} (${message})`
}

/** A commit may have reached the disk although SQLite was told that it did not. */
const isUncertain = (cause: unknown): boolean => codeOf(cause) === 10

/** The error of a call that was under way, waiting for a lock, when the layer closed. Nothing was written. */
export const closedError = (call: Pick<Call, "place">, cause: unknown): StoreUnavailableError =>
  layerClosed(call.place, false, cause)

/** The error of a call, for what node:sqlite threw. A call is a transaction; pages before it have been applied. */
export const toError = (call: Pick<Call, "place">, cause: unknown): StoreUnavailableError | StoreError =>
  storeFailure(call.place, {
    reason: reasonOf(cause),
    cause,
    transient: isBusy(cause),
    applied: isUncertain(cause) || ("cursor" in call && call.cursor !== undefined)
  })
