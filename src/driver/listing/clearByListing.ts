import * as Effect from "effect/Effect"
import type { WriteError } from "../../KeyValueError.ts"
import * as Call from "../Call.ts"
import type { Driver } from "../Driver.ts"

type Clear = NonNullable<Driver["clear"]>
type Collections = NonNullable<Driver["collections"]>
type Listing = Driver & Required<Pick<Driver, "keys" | "collections">>

/** How many names to list at a time, and about how many entries a page of a removal removes. */
const pageSize = 1000

/** Clears by deleting what is listed, for a driver whose deletions do more than its store's would. */
export const clearByListing = (driver: Listing): Clear => clearCollections(driver.collections, clearKeys(driver))

/** Clears one collection by `clearOne`, or several of them by their list, one after the other. */
export const clearCollections = (collections: Collections, clearOne: Clear): Clear => {
  const clearSeveral = clearListed(collections, clearOne)
  return (call) => ("name" in call.collection ? clearOne(call) : clearSeveral(call, call.collection.prefix))
}

/** One page of keys of a collection. */
const clearKeys =
  (driver: Listing): Clear =>
  (call) => {
    const { name: collection } = call.collection as { readonly name: string }
    const place = Call.beforeWriting(call.place)
    return Effect.flatMap(
      driver.keys({ ...call, _tag: "keys", place, collection, prefix: call.keyPrefix, pageSize }),
      ({ names, next }) =>
        Effect.map(
          names.length === 0
            ? Effect.succeed(0)
            : driver.delete({ _tag: "delete", place: call.place, deadline: call.deadline, collection, keys: names }),
          (count) => ({ count, next })
        )
    )
  }

/** A page of collections, the one of them that is next, and where it and the list of collections go on. */
interface At {
  readonly names: ReadonlyArray<string>
  readonly index: number
  readonly inner: Call.Cursor
  readonly next: Call.Cursor
}

/** Removes about a page of entries, of one or more collections. */
const clearListed = (collections: Collections, clearOne: Clear) =>
  Effect.fnUntraced(function* (call: Call.Clear, prefix: string): Effect.fn.Return<Call.Removed, WriteError> {
    const before = call.cursor as At | undefined
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
    return { count, next: isLast ? undefined : ({ ...at, index, inner } satisfies At) }

    function list(cursor: Call.Cursor): Effect.Effect<At, WriteError> {
      const place = Call.beforeWriting(call.place)
      return Effect.map(
        collections({ ...call, _tag: "collections", place, prefix, pageSize, cursor }),
        ({ names, next }) => ({ names, index: 0, inner: undefined, next })
      )
    }
  })
