import type * as Exit from "effect/Exit"
import type { Entry } from "../Entry.ts"
import type { Place, TimeoutError } from "../KeyValueError.ts"
import type { Holder } from "../time/waitAtMost.ts"

/**
 * The fields that every call has.
 *
 * **Details**
 *
 * - `collection` and `keys` are the names at this level of the stack. Wrappers that add prefixes change them on the way in.
 * - `place` holds the operation and the names that the application used, for errors. Its keys are in the order of `keys`.
 * - `deadline` is the time at which an outer `Timeout` or `Deadline` gives up, in milliseconds of the monotonic clock
 *   (`Driver.monotonicMillis`). Nothing is sent at or after that time. A store that can limit its own work ends it by then.
 * - `limit` is the time limit of the `Timeout` around a driver that enforces limits itself (`declareWaits`). `deadline` is
 *   then the deadline of wrappers further out.
 * - `holder` keeps something for the call, such as its place in a `Bulkhead`. If a wrapper stops waiting for work that
 *   may still go on, it passes that work to `holder.hold`.
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
 * The driver calls `start` each time the operation begins to wait. When that wait ends, also by an interruption, the
 * driver calls the function that `start` returned. If the time is up during a wait, `onExceeded` is called with the
 * failure of the operation. It is never called before `start` has returned. The time begins with the first wait.
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
 * Reads entries, for `get`, `getMany`, `ttl`, `ttlMany` and the reads of `Atomic`.
 *
 * **Details**
 *
 * `expiry` asks for an exact `expiresAt`. Without it, `expiresAt` may be missing or an estimate. `versioned` asks for a
 * `version`.
 *
 * @since 0.1.0
 */
export interface Get extends KeyedCall {
  readonly _tag: "get"
  readonly expiry: boolean
  readonly versioned: boolean
}

/**
 * Writes `entries[i]` under `keys[i]`. Each write replaces both the value and the expiry.
 *
 * @since 0.1.0
 */
export interface Put extends KeyedCall {
  readonly _tag: "put"
  readonly entries: ReadonlyArray<Entry>
}

/**
 * Deletes keys. The driver returns how many of them existed.
 *
 * @since 0.1.0
 */
export interface Delete extends KeyedCall {
  readonly _tag: "delete"
}

/**
 * Writes one key if its entry still has the version `expected`. The driver returns a {@link Swapped}.
 *
 * **Details**
 *
 * If `expected` is `undefined`, the key must be missing. Without `entry`, the call deletes the key. With `keepsExpiry`,
 * `entry.expiresAt` is the expiry of the replaced entry, and the store keeps that expiry unchanged.
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
 * Adds a number to a counter, as one step. The driver returns an {@link Incremented}.
 *
 * **Details**
 *
 * - A counter is an entry whose value is a JSON integer within ±(2^53 − 1).
 * - A missing counter counts as `initial`. It gets `createdAt` and `expiresAt`.
 * - An existing counter gets `createdAt` and keeps its expiry. With `renews`, it gets `expiresAt`, too.
 * - If the sum is below `min` or above `max`, nothing changes.
 * - `by`, `initial`, `min` and `max` are integers within ±(2^53 − 1).
 *
 * @since 0.2.0
 */
export interface Increment extends KeyedCall {
  readonly _tag: "increment"
  readonly by: number
  readonly initial: number
  readonly min: number
  readonly max: number
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly renews: boolean
}

/**
 * The result of an increment: `value` is the counter afterwards if it was `applied`, and the unchanged counter if the sum
 * was out of range.
 *
 * **Details**
 *
 * `undefined` says that the driver has changed nothing because it cannot decide this increment by itself. For example, the
 * entry is not a counter, or is stored in a form that the driver cannot change. `Atomic` then uses `compareAndPut`.
 *
 * @since 0.2.0
 */
export type Incremented = { readonly applied: boolean; readonly value: number } | undefined

/**
 * What happens to a key when a wrapper (such as `LimitSize`) drops the new entry and the write still succeeds: the old
 * entry stays (`"ignore"`) or is deleted (`"delete"`).
 *
 * @since 0.1.0
 */
export type Drop = "ignore" | "delete"

/**
 * The result of a compare-and-put: `true` if it wrote, `false` if another writer came first, or a {@link Drop} if a limit
 * of the stack dropped the entry.
 *
 * @since 0.1.0
 */
export type Swapped = boolean | Drop

/**
 * Where a page of an enumeration starts: `undefined` for the first page, otherwise the `next` of the previous page. Each
 * driver chooses its own type of cursor.
 *
 * @since 0.1.0
 */
export type Cursor = unknown

/**
 * A page of an enumeration. A page may be empty. The last page has no `next`.
 *
 * @since 0.1.0
 */
export interface Page {
  readonly names: ReadonlyArray<string>
  readonly next: Cursor
}

/**
 * A page of a removal, with the number of entries that it removed. The last page has no `next`.
 *
 * @since 0.1.0
 */
export interface Removed {
  readonly count: number
  readonly next: Cursor
}

/**
 * Lists the keys of one collection that start with `prefix`.
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
 * Lists the collections that start with `prefix` and have a key that starts with `keyPrefix`.
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
 * Removes the entries whose keys start with `keyPrefix`, from one collection or from all collections with a prefix.
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
 * `selects` decides by the names at this level of the stack which entries may be removed. Without `selects`, all expired
 * entries of the store are removed.
 *
 * @since 0.1.0
 */
export interface RemoveExpired extends CallBase {
  readonly _tag: "removeExpired"
  readonly selects?: ((collection: string, key: string) => boolean) | undefined
  readonly cursor: Cursor
}

/**
 * One request to a driver. A call is plain data that a wrapper can inspect, change, delay or repeat.
 *
 * @since 0.1.0
 */
export type Call = Get | Put | Delete | CompareAndPut | Increment | Keys | Collections | Clear | RemoveExpired

/**
 * Returns whether the call can change the store.
 *
 * @since 0.1.0
 */
export const isWrite = (call: Call): boolean =>
  call._tag !== "get" && call._tag !== "keys" && call._tag !== "collections"

/**
 * Returns the number of keys of the call, which is 0 for enumeration and maintenance.
 *
 * @since 0.1.0
 */
export const keyCount = (call: Call): number => ("keys" in call ? call.keys.length : 0)

/**
 * Returns the collection's name at this level of the stack, or `undefined` for a call that is not limited to one collection.
 *
 * @since 0.1.0
 */
export const collectionOf = (call: Call): string | undefined => {
  switch (call._tag) {
    case "clear":
      return "name" in call.collection ? call.collection.name : undefined
    // A call that was made by spreading another call may still have a `collection` from that call.
    case "collections":
    case "removeExpired":
      return undefined
    default:
      return call.collection
  }
}

/**
 * Returns the call with only the keys (and entries) at the given indices.
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
 * Removes duplicate keys from a batch and keeps the last of each. Returns the same call if there are no duplicates.
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
 * Returns the place of the key at an index, for the error of one entry of a batch.
 *
 * @since 0.1.0
 */
export const placeOf = (call: { readonly place: Place }, index: number): Place =>
  call.place.keys.length <= 1 ? call.place : { ...call.place, keys: call.place.keys.slice(index, index + 1) }

/**
 * Makes a call that deletes the keys of another call. It has the place and the deadline of that call.
 *
 * @since 0.1.0
 */
export const toDelete = (call: Get | Put | Delete | CompareAndPut | Increment): Delete => ({
  _tag: "delete",
  place: call.place,
  deadline: call.deadline,
  holder: call.holder,
  collection: call.collection,
  keys: call.keys
})

/**
 * Makes a call that reads the keys of a write before the write. If the read fails, nothing was applied.
 *
 * @since 0.1.0
 */
export const toGet = (
  call: Pick<Delete, "place" | "deadline" | "holder" | "collection" | "keys">,
  options: Pick<Get, "expiry" | "versioned">
): Get => ({
  _tag: "get",
  place: beforeWriting(call.place),
  deadline: call.deadline,
  holder: call.holder,
  collection: call.collection,
  keys: call.keys,
  ...options
})

/**
 * Returns the place of a read that comes before a write of the same operation. If the read fails, nothing was applied.
 *
 * @since 0.1.0
 */
export const beforeWriting = (place: Place): Place =>
  place.outcomeOfPart === undefined ? { ...place, outcomeOfPart: "not-applied" } : place

/**
 * Returns the place of a part of a write that comes after another part was applied. If it fails, the outcome is unknown.
 *
 * @since 0.1.0
 */
export const partlyApplied = (place: Place): Place => ({ ...place, outcomeOfPart: "unknown" })
