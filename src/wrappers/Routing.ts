/**
 * Several stores behind one, each for its own collections.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { areLayers, type WrapperOver, wrapperOverApart } from "../Driver.ts"
import * as Call from "../driver/Call.ts"
import { combine, inTurn } from "../driver/combine.ts"
import type { Driver, Listing, Maintenance } from "../driver/Driver.ts"
import { clearCollections } from "../driver/listing/clearByListing.ts"
import * as options from "../driver/options.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"

/**
 * Stores by a name for each.
 *
 * @since 0.1.0
 */
export type NamedStores = Readonly<Record<string, Layer.Layer<KeyValue, any, any>>>

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options<Stores extends NamedStores> {
  /** Stores to route to, by name, in addition to the wrapped one. */
  readonly stores: Stores
  /**
   * Function that returns the name of the store of a collection, or `undefined` for the wrapped store. It must always
   * return the same name for the same collection. It gets the default collection by its name. Default: the store with
   * the name of the collection.
   */
  readonly route?: ((collection: string) => keyof Stores | undefined) | undefined
}

/**
 * Keeps each collection in the store that `route` names, and all others in the wrapped store.
 *
 * **Details**
 *
 * Enumeration lists each collection from the store that it is routed to, and `Maintenance` clears it there: collections
 * of a store that are not routed to it stay. Capabilities are those that all the stores have.
 *
 * If `route` throws or returns a name that no store has, the operation dies.
 *
 * Fails to build with `StoreSetupError` when `route` is not a function, and when one layer stands in two places. Different
 * layers over one store are fine, such as one that encrypts some collections of it: each collection is in one of them only.
 *
 * **Example** (Sessions in Redis, everything else in SQLite)
 *
 * ```ts
 * import { Routing } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 * import * as Sqlite from "effect-kv/Sqlite"
 *
 * const Store = Sqlite.layer({ filename: "app.sqlite" }).pipe(
 *   Routing.wrap({
 *     stores: { redis: Redis.layer({ url: "redis://localhost:6379" }) },
 *     route: (collection) => (collection.startsWith("session") ? "redis" : undefined)
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = <const Stores extends NamedStores>({
  stores,
  ...config
}: Options<Stores>): WrapperOver<ReadonlyArray<Stores[keyof Stores]>, never, StoreSetupError> => {
  const indices = new Map(Object.keys(stores).map((name, index) => [name, index + 1]))
  const layers: ReadonlyArray<Layer.Layer<KeyValue, any, any>> = Object.values(stores)
  return wrapperOverApart("Routing", areLayers, layers as ReadonlyArray<Stores[keyof Stores]>, (primary, others) =>
    Effect.map(described.read(config, { stores }), ({ route }) =>
      routing([primary, ...others], route ? indexUnsafe(indices, route) : (name) => indices.get(name) ?? 0)
    )
  )
}

/** @internal */
export const described = options.of<Options<any>>()("Routing", {
  stores: options.required(options.record<NamedStores>("an object of layers")),
  route: options.callback<(collection: string) => PropertyKey | undefined>({
    otherwise: "the store with the name of the collection"
  })
})

/** A name that no store has is a mistake: routed to the wrapped store, it would hide entries. */
const indexUnsafe =
  (indices: ReadonlyMap<string, number>, route: (collection: string) => PropertyKey | undefined) =>
  (collection: string): number => {
    const name = route(collection)
    if (name === undefined) return 0
    const index = indices.get(String(name))
    if (index === undefined) throw new Error(`Routing: route answered ${String(name)}, which is no store's name`)
    return index
  }

const routing = (drivers: readonly [Driver, ...Array<Driver>], indexOf: (collection: string) => number): Driver => {
  const routed = combine(drivers, (call, nexts) => nexts[indexOf(Call.collectionOf(call) ?? "")]!(call))
  const { listing, maintenance } = routed
  /** An operation of each store, for the collections that are in that store. */
  const each = <A>(f: (driver: Driver, isOwn: IsOwn) => A): ReadonlyArray<A> =>
    drivers.map((driver, index) => f(driver, (collection) => indexOf(collection) === index))
  const clearAll = maintenance && inTurn(each(clearOwn))
  return {
    ...routed,
    listing: listing && { ...listing, collections: inTurn(each(({ listing }, isOwn) => listOwn(listing!, isOwn))) },
    maintenance: maintenance && {
      clear: (call) => ("name" in call.collection ? maintenance.clear(call) : clearAll!(call)),
      removeExpired: inTurn(each(removeOwnExpired))
    }
  }
}

type IsOwn = (collection: string) => boolean

const listOwn =
  ({ collections }: Listing, isOwn: IsOwn): Listing["collections"] =>
  (call) =>
    Effect.map(collections(call), (page) => ({ ...page, names: page.names.filter(isOwn) }))

const removeOwnExpired =
  ({ maintenance }: Driver, isOwn: IsOwn): Maintenance["removeExpired"] =>
  (call) =>
    maintenance!.removeExpired({
      ...call,
      selects: (collection, key) => isOwn(collection) && (call.selects?.(collection, key) ?? true)
    })

/** Collection by collection, for a store that lists them: those of others in the same store are not cleared. */
const clearOwn = ({ listing, maintenance }: Driver, isOwn: IsOwn): Maintenance["clear"] =>
  listing ? clearCollections(listOwn(listing, isOwn), maintenance!.clear) : maintenance!.clear
