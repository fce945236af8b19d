import type { Call } from "../../driver/Call.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import { storeFailure } from "../../driver/storeFailure.ts"
import type { StoreError, StoreUnavailableError } from "../../KeyValueError.ts"

/** Explanations of the primary result codes of SQLite (https://sqlite.org/rescode.html) to which users can react. */
const reasons: Readonly<Record<number, string>> = {
  3: "no permission",
  5: "another connection holds the lock",
  6: "another statement holds the table",
  7: "out of memory",
  8: "the database is read-only: check the permissions of the file and of its directory",
  10: "an I/O error of the disk",
  11: "the database is damaged: restore a backup",
  13: "the disk is full",
  14: "the file cannot be opened: check that it is a file, and the permissions of its directory",
  15: "another connection holds the lock of the write-ahead log",
  18: "the entry is larger than SQLite can store",
  23: "access denied",
  26: "the file is not a SQLite database"
}

const busyCodes: ReadonlySet<number> = new Set([5, 6, 15])

/** Returns the primary result code of an exception of `node:sqlite`. */
const resultCode = (cause: unknown): number | undefined => {
  const code = cause instanceof Error ? (cause as { readonly errcode?: unknown }).errcode : undefined
  return typeof code === "number" ? code & 0xff : undefined
}

/** Returns whether another connection holds a lock. Then nothing has been written. */
export const isBusy = (cause: unknown): boolean => {
  const code = resultCode(cause)
  return code !== undefined && busyCodes.has(code)
}

/** Returns whether the disk is full, or the database has its maximum size. */
export const isFull = (cause: unknown): boolean => resultCode(cause) === 13

/** Returns whether a row contains an integer beyond 2^53. Only another program can have written it. */
export const isOutOfRange = (cause: unknown): boolean =>
  cause instanceof Error && (cause as { readonly code?: unknown }).code === "ERR_OUT_OF_RANGE"

/** Describes the exception, with the message of SQLite. */
export const reasonOf = (cause: unknown): string => {
  const code = resultCode(cause)
  const known = code === undefined ? undefined : reasons[code]
  const message = cause instanceof Error ? cause.message : String(cause)
  return known === undefined ? message : `${known} (${message})`
}

/** Returns whether a commit may have reached the disk although the disk reported an error. */
const isUncertain = (cause: unknown): boolean => resultCode(cause) === 10

/** Makes the error of a call that waited for a lock when the layer was closed. Nothing was written. */
export const closedError = (call: Pick<Call, "place">, cause: unknown): StoreUnavailableError =>
  layerClosed(call.place, false, cause)

/**
 * Converts an exception of `node:sqlite`. A call is a transaction, but earlier pages of the operation have been
 * applied.
 */
export const toError = (call: Pick<Call, "place">, cause: unknown): StoreUnavailableError | StoreError =>
  storeFailure(call.place, {
    reason: reasonOf(cause),
    cause,
    transient: isBusy(cause),
    applied: isUncertain(cause) || ("cursor" in call && call.cursor !== undefined)
  })
