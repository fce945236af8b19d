/**
 * Stores collections in several stores.
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
 * Layers of stores by name.
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
 * Stores each collection in the store that `route` names, and all others in the wrapped store.
 *
 * **When to use**
 *
 * Use it to keep some collections elsewhere: sessions in Redis and settings in SQLite, or large values in files.
 * `CollectionRouting` is shorter if you can list the collections.
 *
 * **Details**
 *
 * Enumeration and `Maintenance` use only the collections that are routed to each store. Other collections of the same store
 * are not listed or cleared. The layer has a capability, such as `Enumeration`, if all the stores have it.
 *
 * **Errors**
 *
 * Adds no errors to operations. If `route` throws or returns a name that no store has, the operation dies. Fails to
 * build with `StoreSetupError` when `route` is not a function, or when the same layer is given twice. You can give
 * different layers over one store, for example to encrypt some of its collections, because each collection has one
 * route.
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

/** Throws for an unknown name. Falling back to the wrapped store would hide the entries of the intended store. */
const indexUnsafe =
  (indices: ReadonlyMap<string, number>, route: (collection: string) => PropertyKey | undefined) =>
  (collection: string): number => {
    const name = route(collection)
    if (name === undefined) return 0
    const index = indices.get(String(name))
    if (index === undefined)
      throw new Error(`Routing: route returned ${String(name)}, which is not the name of a store`)
    return index
  }

const routing = (drivers: readonly [Driver, ...Array<Driver>], indexOf: (collection: string) => number): Driver => {
  const routed = combine(drivers, (call, nexts) => nexts[indexOf(Call.collectionOf(call) ?? "")]!(call))
  const { listing, maintenance } = routed
  /** `isOwn` is true for the collections that are routed to the driver. */
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

/** Clears each listed collection separately, because the same store may hold collections that are routed elsewhere. */
const clearOwn = ({ listing, maintenance }: Driver, isOwn: IsOwn): Maintenance["clear"] =>
  listing ? clearCollections(listOwn(listing, isOwn), maintenance!.clear) : maintenance!.clear
