/**
 * The names that a store holds, as streams.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { atATime, withPlace, withPrefix } from "./driver/boundary.ts"
import type * as Call from "./driver/Call.ts"
import * as Calls from "./driver/Calls.ts"
import type { Driver, Listing } from "./driver/Driver.ts"
import { served } from "./driver/service/served.ts"
import type { InCollection } from "./KeyValue.ts"
import type { CommonError, InvalidKeyError, Place } from "./KeyValueError.ts"

/**
 * Options of an enumeration.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Only names that start with this, which must be well-formed Unicode. Default: all. */
  readonly prefix?: string | undefined
  /** At most so many names, rounded down. Less than 1, or `NaN`, lists none. Default: all. */
  readonly limit?: number | undefined
  /**
   * How many names to ask the store for at a time, rounded down, and at most 10,000. Less than 1, or `NaN`, is the default.
   * Default: 1,000.
   */
  readonly pageSize?: number | undefined
}

/**
 * Lists names. See the members of {@link Enumeration}.
 *
 * @since 0.1.0
 */
export interface Service {
  /**
   * The keys of a collection, each once, in no promised order.
   *
   * **Details**
   *
   * Pages are fetched as the stream is pulled, in memory that does not grow with the number of keys (with FileSystem and
   * EffectStore, which get their names all at once, it does). A key that is there
   * from the first page to the last is listed; one that comes or goes meanwhile may be.
   *
   * Fails with `InvalidKeyError` for a collection or prefix that no name can have.
   */
  readonly keys: (options?: Options & InCollection) => Stream.Stream<string, CommonError | InvalidKeyError>

  /**
   * The collections that hold at least one key, each once, in no promised order.
   *
   * **Details**
   *
   * Where there are only keys to go by (Redis, EffectStore, and what `SingleCollection` wraps), all keys are asked for, and
   * the collections that were found are remembered.
   *
   * Fails with `InvalidKeyError` for a prefix that no name can have.
   */
  readonly collections: (options?: Options) => Stream.Stream<string, CommonError | InvalidKeyError>
}

/**
 * The capability of listing keys and collections.
 *
 * **Details**
 *
 * A layer has it in its type when the store and all that wraps it can: asking for it elsewhere does not compile.
 *
 * @since 0.1.0
 */
export class Enumeration extends Context.Service<Enumeration, Service>()("effect-kv/Enumeration") {}

/**
 * The capability over a driver that has `listing`.
 *
 * @since 0.1.0
 */
export const make = (self: Driver & { readonly listing: Listing }): Service => {
  const { driver } = served(self)
  return {
    keys: (options) =>
      pages(options, (pageSize, cursor) =>
        withPlace(driver, "keys", [], options, (place) =>
          withPrefix(place, options?.prefix, (prefix) =>
            driver.listing.keys(Calls.keys(place, { prefix, pageSize, cursor }))
          )
        )
      ),
    collections: (options) =>
      pages(options, (pageSize, cursor) =>
        withPrefix(ofCollections, options?.prefix, (prefix) =>
          driver.listing.collections(Calls.collections(ofCollections, { prefix, pageSize, cursor }))
        )
      )
  }
}

const ofCollections: Place = { operation: "collections", collection: "", keys: [] }

const pages = <E>(
  options: Options | undefined,
  page: (pageSize: number, cursor: Call.Cursor) => Effect.Effect<Call.Page, E>
): Stream.Stream<string, E> => {
  const limit = Math.floor(options?.limit ?? Number.POSITIVE_INFINITY)
  if (!(limit >= 1)) return Stream.empty
  const pageSize = Math.min(atATime(options?.pageSize, 1000), limit)
  const all = Stream.paginate<Call.Cursor, string, E>(undefined, (cursor) =>
    Effect.map(page(pageSize, cursor), ({ names, next }) => [
      names,
      next === undefined ? Option.none() : Option.some(next)
    ])
  )
  return limit === Number.POSITIVE_INFINITY ? all : Stream.take(all, limit)
}
