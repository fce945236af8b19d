/**
 * Removes entries in bulk: clears a store or a collection, and removes expired entries.
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
 * Removes entries in bulk. This is the interface of {@link Maintenance}.
 *
 * **Details**
 *
 * With Sqlite, each operation also returns the free space of the file to the file system, and empties the write-ahead log.
 * Afterwards, deleted data can no longer be read from these files. If another connection is reading, both are left to the
 * next operation.
 *
 * @since 0.1.0
 */
export interface Service {
  /** The driver of the service, for wrappers and for what is built on the service. */
  readonly driver: Driver & { readonly maintenance: Operations }

  /**
   * Removes all entries of a collection. Returns how many entries were removed.
   *
   * **Details**
   *
   * Entries are removed page by page. Only entries that belong to this stack are removed, never keys of another tenant or
   * other data in the same database.
   */
  readonly clearCollection: (options?: InCollection) => Effect.Effect<number, WriteError>

  /** Removes all entries of all collections. Returns how many entries were removed. */
  readonly clear: Effect.Effect<number, WriteError>

  /**
   * Frees the space of expired entries, which no read returns any more. Returns how many entries were removed.
   *
   * **Details**
   *
   * Stores also remove expired entries on their own. With Redis, the server removes them, and the result is 0. With a prefix
   * (`PrefixKeys`, `PrefixCollections`), only entries with that prefix are removed and counted.
   */
  readonly removeExpired: Effect.Effect<number, WriteError>
}

/**
 * The capability to clear a store or a collection, and to remove expired entries.
 *
 * **When to use**
 *
 * Use it to empty a cache, to delete the data of a tenant, and to free space on a schedule. Redis removes expired entries
 * itself.
 *
 * **Example**
 *
 * ```ts
 * import { Console, Effect } from "effect"
 * import { Maintenance, Memory } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const maintenance = yield* Maintenance.Maintenance
 *   yield* Console.log("removed:", yield* maintenance.clearCollection({ collection: "sessions" }))
 * })
 *
 * program.pipe(Effect.provide(Memory.layer()))
 * ```
 *
 * @since 0.1.0
 */
export class Maintenance extends Context.Service<Maintenance, Service>()("effect-kv/Maintenance") {}

/**
 * Makes the capability for a driver that has `maintenance`.
 *
 * @since 0.1.0
 */
export const make = (self: Driver & { readonly maintenance: Operations }): Service => {
  const { driver } = served(self)
  const all = (operation: "clear" | "removeExpired"): Place => ({ operation, collection: "", keys: [] })
  const clear = (place: Place, collection: Call.Clear["collection"]) =>
    allPages(place, (place, cursor) => driver.maintenance.clear(Calls.clear(place, { collection, cursor })))
  return {
    driver: self,
    clearCollection: (options) =>
      withPlace(driver, "clear", [], options, (place) => clear(place, { name: place.collection })),
    clear: clear(all("clear"), { prefix: "" }),
    removeExpired: allPages(all("removeExpired"), (place, cursor) =>
      driver.maintenance.removeExpired(Calls.removeExpired(place, { cursor }))
    )
  }
}

/** Removes all pages. If a page fails after an earlier page removed entries, the outcome of the operation is unknown. */
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
