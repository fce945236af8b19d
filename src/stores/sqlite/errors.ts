import type { Call } from "../../driver/Call.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import { storeFailure } from "../../driver/storeFailure.ts"
import type { StoreError, StoreUnavailableError } from "../../KeyValueError.ts"

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that users can do something about. */
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
const resultCode = (cause: unknown): number | undefined => {
  const code = cause instanceof Error ? (cause as { readonly errcode?: unknown }).errcode : undefined
  return typeof code === "number" ? code & 0xff : undefined
}

/** Whether another connection holds a lock, for now. Nothing has been written then. */
export const isBusy = (cause: unknown): boolean => {
  const code = resultCode(cause)
  return code !== undefined && busyCodes.has(code)
}

/** Whether the disk is full, or the database has its largest size. */
export const isFull = (cause: unknown): boolean => resultCode(cause) === 13

/** Whether a row has an integer beyond 2^53, which only another program can have written. */
export const isOutOfRange = (cause: unknown): boolean =>
  cause instanceof Error && (cause as { readonly code?: unknown }).code === "ERR_OUT_OF_RANGE"

/** Says what happened, with SQLite's own words where they add something. */
export const reasonOf = (cause: unknown): string => {
  const code = resultCode(cause)
  const known = code === undefined ? undefined : reasons[code]
  const message = cause instanceof Error ? cause.message : String(cause)
  return known === undefined ? message : `${known} (${message})`
}

/** Whether a commit may have reached the disk although the disk reported an error. */
const isUncertain = (cause: unknown): boolean => resultCode(cause) === 10

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
