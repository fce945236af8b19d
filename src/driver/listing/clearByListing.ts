import * as Effect from "effect/Effect"
import type { WriteError } from "../../KeyValueError.ts"
import * as Call from "../Call.ts"
import * as Calls from "../Calls.ts"
import type { Driver, Listing, Maintenance } from "../Driver.ts"

type Clear = Maintenance["clear"]
type Collections = Listing["collections"]

/** A driver that can list. */
type Listable = Driver & { readonly listing: Listing }

/** The number of names to list at a time, and about the number of entries to remove per page. */
const pageSize = 1000

/** Clears by listing and deleting keys, for a driver whose `delete` does more than the `delete` of its store. */
export const clearByListing = (driver: Listable): Clear =>
  clearCollections(driver.listing.collections, clearKeys(driver))

/** Clears one collection with `clearOne`, or lists several collections and clears them one after another. */
export const clearCollections = (collections: Collections, clearOne: Clear): Clear => {
  const clearSeveral = clearListed(collections, clearOne)
  return (call) => ("name" in call.collection ? clearOne(call) : clearSeveral(call, call.collection.prefix))
}

/** Clears one page of keys of a collection. */
const clearKeys =
  (driver: Listable): Clear =>
  (call) => {
    const { name: collection } = call.collection as { readonly name: string }
    const { keyPrefix: prefix, cursor } = call
    return deleteListed(driver, call, { collection, prefix, pageSize, cursor }, (names) => names)
  }

/** Lists a page of the keys of a collection, as a part of a call, and deletes those that are selected. */
export const deleteListed = (
  driver: Listable,
  call: Call.Clear,
  page: Pick<Call.Keys, "collection" | "cursor"> & Partial<Call.Keys>,
  select: (names: ReadonlyArray<string>) => ReadonlyArray<string>
): Effect.Effect<Call.Removed, WriteError> => {
  const listed = Calls.keys(Call.beforeWriting(call.place), page)
  return Effect.flatMap(driver.listing.keys(Calls.partOf(call, listed)), ({ names, next }) => {
    const keys = select(names)
    const { collection } = page
    const removed =
      keys.length === 0
        ? Effect.succeed(0)
        : driver.delete(Calls.partOf(call, { ...Calls.remove(call.place), collection, keys }))
    return Effect.map(removed, (count) => ({ count, next }))
  })
}

/** A page of collections, the index of the next one to clear, its cursor (`inner`), and the cursor of the list (`next`). */
interface Position {
  readonly names: ReadonlyArray<string>
  readonly index: number
  readonly inner: Call.Cursor
  readonly next: Call.Cursor
}

/** Removes about one page of entries, from one or more collections. */
const clearListed = (collections: Collections, clearOne: Clear) =>
  Effect.fnUntraced(function* (call: Call.Clear, prefix: string): Effect.fn.Return<Call.Removed, WriteError> {
    const before = call.cursor as Position | undefined
    const at = before !== undefined && before.index < before.names.length ? before : yield* list(before?.next)
    let { index, inner } = at
    let count = 0
    while (index < at.names.length && count < pageSize) {
      const place = count === 0 ? call.place : Call.partlyApplied(call.place)
      const removed = yield* clearOne({ ...call, place, collection: { name: at.names[index]! }, cursor: inner })
      count += removed.count
      inner = removed.next
      if (inner === undefined) index++
    }
    const isLast = index === at.names.length && at.next === undefined
    return { count, next: isLast ? undefined : ({ ...at, index, inner } satisfies Position) }

    function list(cursor: Call.Cursor): Effect.Effect<Position, WriteError> {
      const { keyPrefix } = call
      const listed = Calls.collections(Call.beforeWriting(call.place), { prefix, keyPrefix, pageSize, cursor })
      return Effect.map(collections(Calls.partOf(call, listed)), ({ names, next }) => ({
        names,
        index: 0,
        inner: undefined,
        next
      }))
    }
  })
