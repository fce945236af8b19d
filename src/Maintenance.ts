/**
 * Removing entries in bulk.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { withPlace } from "./driver/boundary.ts"
import * as Call from "./driver/Call.ts"
import * as Calls from "./driver/Calls.ts"
import type { Driver, Maintenance as Operations } from "./driver/Driver.ts"
import { served } from "./driver/service/served.ts"
import type { InCollection } from "./KeyValue.ts"
import type { Place, WriteError } from "./KeyValueError.ts"

/**
 * Removes entries in bulk. See the members of {@link Maintenance}.
 *
 * **Details**
 *
 * With Sqlite, each of them also gives the space of the file that is free back to the file system, and empties the
 * write-ahead log: nothing that was deleted before can be read in them afterwards. While another connection reads, that is
 * left to the next time.
 *
 * @since 0.1.0
 */
export interface Service {
  /**
   * Removes all entries of a collection and answers how many there were.
   *
   * **Details**
   *
   * Only what this stack named is removed, page by page: never another tenant's keys, never foreign data in the same
   * database.
   */
  readonly clearCollection: (options?: InCollection) => Effect.Effect<number, WriteError>

  /** Removes all entries of all collections and answers how many there were. */
  readonly clear: Effect.Effect<number, WriteError>

  /**
   * Frees the space of entries that have expired (which no read answers any more) and answers how many there were.
   *
   * **Details**
   *
   * Stores do this by themselves as they go. With Redis the server does it, and the answer is 0. Below a prefix, only
   * what has that prefix is removed and counted.
   */
  readonly removeExpired: Effect.Effect<number, WriteError>
}

/**
 * The capability of clearing a store or a collection.
 *
 * @since 0.1.0
 */
export class Maintenance extends Context.Service<Maintenance, Service>()("effect-kv/Maintenance") {}

/**
 * The capability over a driver that has `maintenance`.
 *
 * @since 0.1.0
 */
export const make = (self: Driver & { readonly maintenance: Operations }): Service => {
  const { driver } = served(self)
  const all = (operation: "clear" | "removeExpired"): Place => ({ operation, collection: "", keys: [] })
  const clear = (place: Place, collection: Call.Clear["collection"]) =>
    allPages(place, (place, cursor) => driver.maintenance.clear(Calls.clear(place, { collection, cursor })))
  return {
    clearCollection: (options) =>
      withPlace(driver, "clear", [], options, (place) => clear(place, { name: place.collection })),
    clear: clear(all("clear"), { prefix: "" }),
    removeExpired: allPages(all("removeExpired"), (place, cursor) =>
      driver.maintenance.removeExpired(Calls.removeExpired(place, { cursor }))
    )
  }
}

/** A failure after a page that removed something is one of an operation that is applied in part. */
const allPages = Effect.fnUntraced(function* <E>(
  place: Place,
  page: (place: Place, cursor: Call.Cursor) => Effect.Effect<Call.Removed, E>
): Effect.fn.Return<number, E> {
  let cursor: Call.Cursor
  let count = 0
  do {
    const removed: Call.Removed = yield* page(count === 0 ? place : Call.partlyApplied(place), cursor)
    count += removed.count
    cursor = removed.next
  } while (cursor !== undefined)
  return count
})
