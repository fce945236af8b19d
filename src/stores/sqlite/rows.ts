/** Conversions between rows of the table, and entries and names. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import { inSlices } from "../../concurrency/slices.ts"
import * as Call from "../../driver/Call.ts"
import type { Entry } from "../../Entry.ts"
import { DeserializationError } from "../../KeyValueError.ts"
import * as utf8 from "../../value/utf8.ts"
import type { EntryRow } from "./statements.ts"

/** Decodes rows in slices, so that the event loop is not blocked for long. */
export const decodeAll = (
  call: Call.Get,
  rows: ReadonlyArray<EntryRow | undefined>
): Effect.Effect<ReadonlyArray<Entry | undefined>, DeserializationError> => {
  if (rows.length === 1) return Effect.fromResult(Result.map(decode(call, rows[0], 0), (entry) => [entry]))
  const entries: Array<Entry | undefined> = []
  const decodeSlice = (from: number, to: number): Effect.Effect<void, DeserializationError> => {
    for (let i = from; i < to; i++) {
      const entry = decode(call, rows[i], i)
      if (Result.isFailure(entry)) return Effect.fail(entry.failure)
      entries.push(entry.success)
    }
    return Effect.void
  }
  return Effect.as(inSlices(rows.length, decodeSlice), entries)
}

export const decode = (
  call: Pick<Call.Get, "place"> & { readonly versioned?: boolean },
  row: EntryRow | undefined,
  index: number
): Result.Result<Entry | undefined, DeserializationError> => {
  if (row === undefined) return missing
  const [stored, expiresAt, version] = row
  const failure = (reason: string) => Result.fail(new DeserializationError({ ...Call.placeOf(call, index), reason }))
  const decoded = managedEntry.decode(stored)
  if (Result.isFailure(decoded)) return failure(decoded.failure)
  if (call.versioned && version.includes("\uFFFD")) {
    return failure("the version in its row is not UTF-8, so it cannot be compared")
  }
  const { payload, createdAt } = decoded.success.entry
  return Result.succeed({ payload, createdAt, expiresAt: expiresAt ?? undefined, version })
}

const missing = Result.succeed(undefined)

export const outOfRange = ({ place }: Call.Get): DeserializationError =>
  new DeserializationError({
    ...place,
    reason: "its row contains an integer that is too large for a JavaScript number"
  })

export const encode = (collection: string, key: string, entry: Entry): string | Uint8Array =>
  managedEntry.encode(collection, key, entry, { frameNames: false })

/** Rounds down, since the column contains whole milliseconds. */
export const expiryOf = ({ expiresAt }: Entry): number | null =>
  expiresAt === undefined ? null : Math.floor(expiresAt)

/**
 * Decodes the name in a column. Returns `undefined` for bytes that are not UTF-8, which cannot be the name in any call.
 */
export const nameOf = (bytes: Uint8Array): string | undefined =>
  Result.getOrUndefined(Result.try(() => utf8.decodeUnsafe(bytes)))
