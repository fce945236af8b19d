import type * as Exit from "effect/Exit"
import type { Entry } from "../Entry.ts"
import type { Place, TimeoutError } from "../KeyValueError.ts"
import type { Holder } from "../time/waitAtMost.ts"

/**
 * What every call carries.
 *
 * **Details**
 *
 * - `collection` and `keys` are the names as this level of the stack sees them; prefixes change them on the way in.
 * - `place` holds the application's operation and names, index by index, for errors.
 * - `deadline` is the time at which a `Timeout` or `Deadline` further out gives up, in milliseconds of the monotonic clock
 *   (`Driver.monotonicMillis`). Nothing is sent at or after it; a store that can ends its own work by then.
 * - `limit` is the time limit of the `Timeout` around a driver that enforces limits itself (`declareWaits`). `deadline` is
 *   then the deadline of wrappers further out.
 * - `holder` keeps something for the call, such as its place in a `Bulkhead`. A wrapper that stops waiting for work which
 *   may go on passes that work to `holder.hold`.
 *
 * @since 0.1.0
 */
export interface CallBase {
  readonly place: Place
  readonly deadline: number | undefined
  readonly limit?: Limit | undefined
  readonly holder?: Holder | undefined
}

/**
 * The time limit of an operation whose driver enforces it.
 *
 * **Details**
 *
 * The driver calls `start` whenever the operation begins to wait, and the function that `start` returns when the wait ends,
 * also after an interruption. `onExceeded` is called with the failure of the operation if the time is up before that, but
 * never before `start` has returned. The time begins with the first wait.
 *
 * @since 0.1.0
 */
export interface Limit {
  readonly start: (onExceeded: (failure: Exit.Exit<never, TimeoutError>) => void) => () => void
}

interface KeyedCall extends CallBase {
  readonly collection: string
  readonly keys: ReadonlyArray<string>
}

/**
 * Reads entries: `get`, `getMany`, `ttl`, `ttlMany`, and the reading half of `Atomic`.
 *
 * **Details**
 *
 * `expiry` asks for an exact `expiresAt` (else it may be missing or an estimate), `versioned` for a `version`.
 *
 * @since 0.1.0
 */
export interface Get extends KeyedCall {
  readonly _tag: "get"
  readonly expiry: boolean
  readonly versioned: boolean
}

/**
 * Writes `entries[i]` under `keys[i]`, replacing value and expiry together.
 *
 * @since 0.1.0
 */
export interface Put extends KeyedCall {
  readonly _tag: "put"
  readonly entries: ReadonlyArray<Entry>
}

/**
 * Deletes keys and answers how many there were.
 *
 * @since 0.1.0
 */
export interface Delete extends KeyedCall {
  readonly _tag: "delete"
}

/**
 * Writes (or, without `entry`, deletes) the one key if its entry still has the version `expected`, or if there is none
 * when that is `undefined`. Answers a {@link Swapped}.
 *
 * **Details**
 *
 * With `keepsExpiry`, `entry.expiresAt` is the expiry of the entry that is replaced, to be kept as it is.
 *
 * @since 0.1.0
 */
export interface CompareAndPut extends KeyedCall {
  readonly _tag: "compareAndPut"
  readonly entry: Entry | undefined
  readonly expected: unknown
  readonly keepsExpiry?: boolean | undefined
}

/**
 * What becomes of an entry that is not stored although its write succeeds: what was stored under its key stays
 * (`"ignore"`), or is deleted (`"delete"`).
 *
 * @since 0.1.0
 */
export type Drop = "ignore" | "delete"

/**
 * What a compare-and-put did: it wrote (`true`), another writer came first (`false`), or the entry was dropped by a limit
 * on the way.
 *
 * @since 0.1.0
 */
export type Swapped = boolean | Drop

/**
 * Where a page of an enumeration starts: `undefined` for the first, else what the page before answered. Its form is the
 * driver's own.
 *
 * @since 0.1.0
 */
export type Cursor = unknown

/**
 * A page of an enumeration. It may be empty; the last one has no `next`.
 *
 * @since 0.1.0
 */
export interface Page {
  readonly names: ReadonlyArray<string>
  readonly next: Cursor
}

/**
 * A page of a removal: how many entries it removed.
 *
 * @since 0.1.0
 */
export interface Removed {
  readonly count: number
  readonly next: Cursor
}

/**
 * Lists keys of one collection that start with `prefix`.
 *
 * @since 0.1.0
 */
export interface Keys extends CallBase {
  readonly _tag: "keys"
  readonly collection: string
  readonly prefix: string
  readonly pageSize: number
  readonly cursor: Cursor
}

/**
 * Lists collections that start with `prefix` and hold a key that starts with `keyPrefix`.
 *
 * @since 0.1.0
 */
export interface Collections extends CallBase {
  readonly _tag: "collections"
  readonly prefix: string
  readonly keyPrefix: string
  readonly pageSize: number
  readonly cursor: Cursor
}

/**
 * Removes the entries of one collection, or of those that start with a prefix, whose keys start with `keyPrefix`.
 *
 * @since 0.1.0
 */
export interface Clear extends CallBase {
  readonly _tag: "clear"
  readonly collection: { readonly name: string } | { readonly prefix: string }
  readonly keyPrefix: string
  readonly cursor: Cursor
}

/**
 * Removes entries that have expired.
 *
 * **Details**
 *
 * `selects` tells by their names, as this level of the stack sees them, which entries the call is about. Without it, all
 * of the store are.
 *
 * @since 0.1.0
 */
export interface RemoveExpired extends CallBase {
  readonly _tag: "removeExpired"
  readonly selects?: ((collection: string, key: string) => boolean) | undefined
  readonly cursor: Cursor
}

/**
 * One request to a driver. Calls are data: a wrapper may look at them, change them, hold them back or repeat them.
 *
 * @since 0.1.0
 */
export type Call = Get | Put | Delete | CompareAndPut | Keys | Collections | Clear | RemoveExpired

/**
 * Does the call change the store?
 *
 * @since 0.1.0
 */
export const isWrite = (call: Call): boolean =>
  call._tag !== "get" && call._tag !== "keys" && call._tag !== "collections"

/**
 * How many keys the call is about; 0 for enumeration and maintenance.
 *
 * @since 0.1.0
 */
export const keyCount = (call: Call): number => ("keys" in call ? call.keys.length : 0)

/**
 * The collection as this level of the stack names it; `undefined` for a call about the whole store.
 *
 * @since 0.1.0
 */
export const collectionOf = (call: Call): string | undefined => {
  switch (call._tag) {
    case "clear":
      return "name" in call.collection ? call.collection.name : undefined
    // One that is made of another call by a spread may still have that one's.
    case "collections":
    case "removeExpired":
      return undefined
    default:
      return call.collection
  }
}

/**
 * Keeps the keys (and entries) at the given indices.
 *
 * @since 0.1.0
 */
export const pick = <C extends Get | Put | Delete>(call: C, indices: ReadonlyArray<number>): C => ({
  ...call,
  place: { ...call.place, keys: indices.map((i) => call.place.keys[i] as string) },
  keys: indices.map((i) => call.keys[i] as string),
  ...(call._tag === "put" ? { entries: indices.map((i) => call.entries[i] as Entry) } : {})
})

/**
 * What a batch amounts to: of equal keys, the last one counts. The same call when no two are equal.
 *
 * @since 0.1.0
 */
export const lastOfEachKey = <C extends Put | Delete>(call: C): C => {
  if (call.keys.length < 2 || new Set(call.keys).size === call.keys.length) return call
  const last = new Map(call.keys.map((key, index) => [key, index]))
  return pick(
    call,
    Array.from(call.keys.keys()).filter((index) => last.get(call.keys[index]!) === index)
  )
}

/**
 * The place of the key at an index, for the error of one entry of a batch.
 *
 * @since 0.1.0
 */
export const placeOf = (call: { readonly place: Place }, index: number): Place =>
  call.place.keys.length <= 1 ? call.place : { ...call.place, keys: call.place.keys.slice(index, index + 1) }

/**
 * A call that deletes keys of another call, as a part of it.
 *
 * @since 0.1.0
 */
export const toDelete = (call: Get | Put | Delete | CompareAndPut): Delete => ({
  _tag: "delete",
  place: call.place,
  deadline: call.deadline,
  collection: call.collection,
  keys: call.keys
})

/**
 * A call that reads the keys of a write before the write, as a part of it. When it fails, nothing was applied.
 *
 * @since 0.1.0
 */
export const toGet = (
  call: Pick<Delete, "place" | "deadline" | "collection" | "keys">,
  options: Pick<Get, "expiry" | "versioned">
): Get => ({
  _tag: "get",
  place: beforeWriting(call.place),
  deadline: call.deadline,
  collection: call.collection,
  keys: call.keys,
  ...options
})

/**
 * The place of a part that only reads, before the write that it is a part of.
 *
 * @since 0.1.0
 */
export const beforeWriting = (place: Place): Place =>
  place.outcomeOfPart === undefined ? { ...place, outcomeOfPart: "not-applied" } : place

/**
 * The place of a part of a write of which another part was applied already.
 *
 * @since 0.1.0
 */
export const partlyApplied = (place: Place): Place => ({ ...place, outcomeOfPart: "unknown" })
