/**
 * Several stores behind one, each for its own collections.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Call from "../driver/Call.ts"
import { combine, inTurn } from "../driver/combine.ts"
import type { Driver } from "../driver/Driver.ts"
import { type Combiner, combination } from "../driver/layers.ts"
import type { KeyValue } from "../KeyValue.ts"

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
  /** The stores to route to, beside the wrapped one. */
  readonly stores: Stores
  /**
   * Which store a collection is in; `undefined` for the wrapped one. It must always answer the same for the same
   * collection. The default collection comes by its name.
   */
  readonly route: (collection: string) => keyof Stores | undefined
}

/**
 * Keeps each collection in the store that `route` names, and all others in the wrapped store.
 *
 * **Details**
 *
 * Enumeration lists each collection from the store that it is routed to. `Maintenance.clear` clears all the stores.
 * Capabilities are those that all the stores have.
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
  route
}: Options<Stores>): Combiner<ReadonlyArray<Stores[keyof Stores]>> => {
  const names = Object.keys(stores)
  const indexOf = (collection: string) => names.indexOf(String(route(collection))) + 1
  const layers: ReadonlyArray<Layer.Layer<KeyValue, any, any>> = Object.values(stores)
  return combination(layers as ReadonlyArray<Stores[keyof Stores]>, (primary, others) =>
    Effect.succeed(routing([primary, ...others], indexOf))
  )
}

const routing = (drivers: readonly [Driver, ...Array<Driver>], indexOf: (collection: string) => number): Driver => {
  const routed = combine(drivers, (call, nexts) => nexts[indexOf(Call.collectionOf(call) ?? "")]!(call))
  const listOwn = (driver: Driver, index: number) => (call: Call.Collections) =>
    Effect.map(driver.collections!(call), (page) => ({
      ...page,
      names: page.names.filter((name) => indexOf(name) === index)
    }))
  const clearAll = inTurn(drivers.map((driver) => driver.clear!))
  return {
    ...routed,
    ...(routed.collections && { collections: inTurn(drivers.map(listOwn)) }),
    ...(routed.clear && {
      clear: (call) => ("name" in call.collection ? routed.clear!(call) : clearAll(call))
    }),
    ...(routed.removeExpired && { removeExpired: inTurn(drivers.map((driver) => driver.removeExpired!)) })
  }
}
