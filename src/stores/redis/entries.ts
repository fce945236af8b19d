import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import * as Call from "../../driver/Call.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import { DeserializationError } from "../../KeyValueError.ts"
import type { Argument } from "./commands.ts"
import type { Names } from "./names.ts"

/** How entries are named and encoded. */
export interface Form {
  readonly names: Names
  readonly format: managedEntry.Format
  readonly exactIntegers: boolean
}

/** The value of a key in Redis. */
export type Stored = Buffer | null

/** The state of an entry at the time of a read. */
export interface Version {
  readonly bytes: Buffer
  /**
   * The expiry that the read returned, and the expiry that is stored in the entry. A write with either of them keeps
   * the expiry of the server.
   */
  readonly expiries: ReadonlyArray<number | undefined>
}

export const encode = (call: Call.Put | Call.CompareAndPut, index: number, entry: Entry, form: Form): Argument => {
  const stored = managedEntry.encode(call.collection, call.keys[index]!, entry, {
    format: form.format,
    frameNames: false
  })
  return typeof stored === "string" ? stored : Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
}

/** Returns the remaining TTL of an entry in milliseconds. */
export const millisLeft = (expiresAt: number, now: number): number => Math.max(Math.round(expiresAt - now), 1)

/** Returns the arguments of SET for the expiry of an entry. */
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
    entries.push(call.versioned ? { ...entry, version: { bytes, expiries: [] } satisfies Version } : entry)
  }
  return Result.succeed(entries)
}

/** The time before a request was sent, and the time after its reply arrived. */
export interface Interval {
  readonly before: number
  readonly after: number
}

/**
 * Returns the entry with the expiry of the server (PTTL). If the server has no expiry, since the entry was loaded
 * without its TTL, the entry keeps the expiry that is stored in it.
 *
 * The expiry of the server is known only with the precision of the duration of the request. If the stored expiry lies
 * in that interval, it is used, so that an entry that is read and written again keeps its expiry.
 */
export const withTime = (entry: Entry, pttl: number, { before, after }: Interval): Entry | undefined => {
  if (pttl === -1) return isExpired(entry, before) ? undefined : entry
  if (pttl <= 0) return undefined
  const { expiresAt: written, version } = entry
  const isKnown = written !== undefined && written >= before + pttl && written <= after + pttl + 1
  const expiresAt = isKnown ? written : before + pttl
  if (version === undefined) return { ...entry, expiresAt }
  return { ...entry, expiresAt, version: { ...(version as Version), expiries: [expiresAt, written] } satisfies Version }
}
