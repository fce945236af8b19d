/**
 * Lists the keys and collections of a store as streams.
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
  /** Maximum number of names, rounded down. With less than 1, or `NaN`, no name is listed. Default: all. */
  readonly limit?: number | undefined
  /**
   * How many names to ask the store for at a time, rounded down, and at most 10,000. Less than 1, or `NaN`, is the default.
   * Default: 1,000.
   */
  readonly pageSize?: number | undefined
}

/**
 * Lists keys and collections. This is the interface of {@link Enumeration}.
 *
 * @since 0.1.0
 */
export interface Service {
  /** The driver of the service, for wrappers and for what is built on the service. */
  readonly driver: Driver & { readonly listing: Listing }

  /**
   * Lists the keys of a collection. Each key is listed once, and the order is not defined.
   *
   * **Details**
   *
   * Pages are fetched as the stream is pulled. The memory that is needed does not grow with the number of keys, except with
   * FileSystem and EffectStore, which get all names at once. A key that exists from the first page to the last is listed. A
   * key that is added or deleted in the meantime may or may not be listed.
   *
   * Fails with `InvalidKeyError` if the collection or the prefix is not valid.
   */
  readonly keys: (options?: Options & InCollection) => Stream.Stream<string, CommonError | InvalidKeyError>

  /**
   * Lists the collections that have at least one key. Each collection is listed once, and the order is not defined.
   *
   * **Details**
   *
   * Redis, EffectStore and stores wrapped with `SingleCollection` have no list of collections. They read all keys, and
   * remember the collections that they have found.
   *
   * Fails with `InvalidKeyError` if the prefix is not valid.
   */
  readonly collections: (options?: Options) => Stream.Stream<string, CommonError | InvalidKeyError>
}

/**
 * The capability to list keys and collections.
 *
 * **When to use**
 *
 * Use it for administration, exports and migrations. Listing reads all keys, so it is not for requests of users.
 *
 * **Details**
 *
 * It is in the type of a layer if the store and all wrappers around it support it. Otherwise, a program that needs it does
 * not compile.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { Enumeration, Memory } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const enumeration = yield* Enumeration.Enumeration
 *   return yield* Stream.runCollect(enumeration.keys({ collection: "users", prefix: "a", limit: 100 }))
 * })
 *
 * program.pipe(Effect.provide(Memory.layer()))
 * ```
 *
 * @since 0.1.0
 */
export class Enumeration extends Context.Service<Enumeration, Service>()("effect-kv/Enumeration") {}

/**
 * Makes the capability for a driver that has `listing`.
 *
 * @since 0.1.0
 */
export const make = (self: Driver & { readonly listing: Listing }): Service => {
  const { driver } = served(self)
  return {
    driver: self,
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
