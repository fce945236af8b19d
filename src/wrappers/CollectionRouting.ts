/**
 * Stores some collections in other stores, by the name of the collection.
 *
 * @since 0.1.0
 */
import type { WrapperOver } from "../Driver.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import * as Routing from "./Routing.ts"

/**
 * Stores each collection that you name in a store of its own, and all others in the wrapped store.
 *
 * **When to use**
 *
 * Use it when you know the names of the collections that need another store. For a rule instead of a list, use `Routing`.
 *
 * **Details**
 *
 * The same as `Routing.wrap({ stores })`.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails to build with `StoreSetupError` when the same layer is given twice.
 *
 * **Example**
 *
 * ```ts
 * import { CollectionRouting, Memory } from "effect-kv"
 * import * as Sqlite from "effect-kv/Sqlite"
 *
 * const Store = Sqlite.layer({ filename: "app.sqlite" }).pipe(
 *   CollectionRouting.wrap({ sessions: Memory.layer({ maxEntries: 10_000 }) })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = <const Stores extends Routing.NamedStores>(
  stores: Stores
): WrapperOver<ReadonlyArray<Stores[keyof Stores]>, never, StoreSetupError> => Routing.wrap({ stores })
