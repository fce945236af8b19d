/**
 * Removing entries in bulk.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Call from "./driver/Call.ts"
import type { Driver } from "./driver/Driver.ts"
import { served } from "./internal/served.ts"
import { type InCollection, withPlace } from "./KeyValue.ts"
import type { WriteError } from "./KeyValueError.ts"

/**
 * Removes entries in bulk. See the members of {@link Maintenance}.
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
   * Stores do this by themselves as they go. With Redis the server does it, and the answer is 0.
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
 * The capability over a driver that has `clear` and `removeExpired`.
 *
 * @since 0.1.0
 */
export const make = (self: Driver & Required<Pick<Driver, "clear" | "removeExpired">>): Service => {
  const { driver } = served(self)
  const place = (operation: "clear" | "removeExpired") => ({ operation, collection: "", keys: [] }) as const
  return {
    clearCollection: (options) =>
      withPlace(driver, "clear", [], options, (place) =>
        allPages((cursor) =>
          driver.clear({
            _tag: "clear",
            place,
            deadline: undefined,
            collection: { name: place.collection },
            keyPrefix: "",
            cursor
          })
        )
      ),
    clear: allPages((cursor) =>
      driver.clear({
        _tag: "clear",
        place: place("clear"),
        deadline: undefined,
        collection: { prefix: "" },
        keyPrefix: "",
        cursor
      })
    ),
    removeExpired: allPages((cursor) =>
      driver.removeExpired({ _tag: "removeExpired", place: place("removeExpired"), deadline: undefined, cursor })
    )
  }
}

const allPages = Effect.fnUntraced(function* <E>(page: (cursor: Call.Cursor) => Effect.Effect<Call.Removed, E>) {
  let removed: Call.Removed = { count: 0, next: undefined }
  let count = 0
  do {
    removed = yield* page(removed.next)
    count += removed.count
  } while (removed.next !== undefined)
  return count
})
