import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import * as Call from "../../driver/Call.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import { DeserializationError } from "../../KeyValueError.ts"
import type { Argument } from "./commands.ts"
import type { Names } from "./names.ts"

/** How entries are named and written. */
export interface Form {
  readonly names: Names
  readonly format: managedEntry.Format
  readonly exact: boolean
}

/** What the server holds for a key. */
export type Stored = Buffer | null

export const encode = (call: Call.Put | Call.CompareAndPut, index: number, entry: Entry, form: Form): Argument => {
  const stored = managedEntry.encode(call.collection, call.keys[index]!, entry, {
    format: form.format,
    frameNames: false
  })
  return typeof stored === "string" ? stored : Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
}

/** The milliseconds that an entry has left. */
export const millisLeft = (expiresAt: number, now: number): number => Math.max(Math.round(expiresAt - now), 1)

/** The arguments of SET that let an entry expire. */
export const expiryOf = ({ expiresAt }: Entry, now: number): ReadonlyArray<Argument> =>
  expiresAt === undefined ? [] : ["PX", millisLeft(expiresAt, now)]

export const decodeAll = (
  call: Call.Get,
  stored: ReadonlyArray<Stored>,
  form: Form
): Result.Result<ReadonlyArray<Entry | undefined>, DeserializationError> => {
  const entries: Array<Entry | undefined> = []
  for (let i = 0; i < stored.length; i++) {
    const bytes = stored[i]!
    if (bytes === null) {
      entries.push(undefined)
      continue
    }
    const decoded = managedEntry.decode(bytes, form)
    if (Result.isFailure(decoded)) {
      return Result.fail(new DeserializationError({ ...Call.placeOf(call, i), reason: decoded.failure }))
    }
    const { entry } = decoded.success
    entries.push(call.versioned ? { ...entry, version: bytes } : entry)
  }
  return Result.succeed(entries)
}

/**
 * The entry with the time that the server gives it by PTTL. Where the server has none (it was loaded without), the one
 * that is written in the entry holds.
 */
export const withTime = (entry: Entry, pttl: number, now: number): Entry | undefined => {
  if (pttl > 0) return { ...entry, expiresAt: now + pttl }
  return pttl === -1 && !isExpired(entry, now) ? entry : undefined
}
