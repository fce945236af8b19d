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

/** The server's value of a key. */
export type Stored = Buffer | null

/** The state of an entry when it was read. */
export interface Version {
  readonly bytes: Buffer
  /**
   * When it expires: as the read returned it, and as the entry itself says. A write with either of them keeps the server's
   * expiry.
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
    entries.push(call.versioned ? { ...entry, version: { bytes, expiries: [] } satisfies Version } : entry)
  }
  return Result.succeed(entries)
}

/** The time before a request was sent, and after its reply came. */
export interface Interval {
  readonly before: number
  readonly after: number
}

/**
 * The entry with the server's expiry (PTTL), or with its own if the server has none because it was loaded without.
 *
 * By this process's clock, the server's expiry is known only to within the duration of the request. If the entry's own expiry
 * lies in that interval it is used, so that an entry that is read and written again keeps it.
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
