import * as Effect from "effect/Effect"
import type * as Call from "../driver/Call.ts"
import type { Driver } from "../driver/Driver.ts"

type Listing = Driver & Required<Pick<Driver, "keys" | "collections">>

const pageSize = 1000

/** Clears by deleting what is listed, for a driver whose deletions do more than its store's would. */
export const clearByListing =
  (driver: Listing): NonNullable<Driver["clear"]> =>
  (call) =>
    "name" in call.collection ? clearPage(driver, call, call.collection.name) : clearAll(driver, call, call.collection)

/** One page of keys of a collection. */
const clearPage = (driver: Listing, call: Call.Clear, collection: string): ReturnType<NonNullable<Driver["clear"]>> =>
  Effect.flatMap(
    driver.keys({ ...call, _tag: "keys", collection, prefix: call.keyPrefix, pageSize }),
    ({ names, next }) =>
      Effect.map(
        names.length === 0
          ? Effect.succeed(0)
          : driver.delete({ _tag: "delete", place: call.place, deadline: call.deadline, collection, keys: names }),
        (count) => ({ count, next })
      )
  )

/** All keys of one page of collections. */
const clearAll = Effect.fnUntraced(function* (
  driver: Listing,
  call: Call.Clear,
  { prefix }: { readonly prefix: string }
) {
  const page = yield* driver.collections({ ...call, _tag: "collections", prefix, pageSize })
  let count = 0
  for (const name of page.names) {
    let cursor: Call.Cursor
    do {
      const removed: Call.Removed = yield* clearPage(driver, { ...call, cursor }, name)
      count += removed.count
      cursor = removed.next
    } while (cursor !== undefined)
  }
  return { count, next: page.next }
})
