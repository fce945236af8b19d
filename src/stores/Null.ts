/**
 * A store that stores nothing.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { layer as driverLayer } from "../Driver.ts"
import { type Driver, defaultCollection } from "../driver/Driver.ts"
import * as options from "../driver/options.ts"
import { declareWaits } from "../driver/waits.ts"
import type { Enumeration } from "../Enumeration.ts"
import type { Health } from "../Health.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"

/**
 * Options of {@link layer}.
 *
 * @since 0.1.0
 */
export interface Options {
  /**
   * Collection of calls that name no collection, as errors and statistics report it. Default: `"default_collection"`.
   */
  readonly defaultCollection?: string | undefined
}

/**
 * Accepts every write and stores nothing, so that every read is a miss.
 *
 * **When to use**
 *
 * Use it to disable a cache without a change to the code that uses the cache.
 *
 * **Details**
 *
 * Names, values and TTLs are checked as in every store, so your program also works with another store. Deletes return
 * `false` or 0. Enumeration returns nothing, and `Maintenance` removes nothing. The store does not provide `Atomic`,
 * because it cannot keep an update.
 *
 * **Errors**
 *
 * Adds no errors to those of every store: `InvalidKeyError`, `InvalidTtlError` and `SerializationError`. Fails to
 * build with `StoreSetupError` if an option is not valid.
 *
 * **Example** (A cache that can be disabled)
 *
 * ```ts
 * import { Memory, Null } from "effect-kv"
 *
 * export const cache = (enabled: boolean) => (enabled ? Memory.layer({ maxEntries: 1000 }) : Null.layer())
 * ```
 *
 * @since 0.1.0
 */
export const layer = (
  config: Options = {}
): Layer.Layer<KeyValue | Health | Enumeration | Maintenance, StoreSetupError> =>
  driverLayer(Effect.map(described.read(config), (config) => declareWaits(driver(config), "never")))

/** @internal */
export const described = options.of<Options>()("Null", {
  defaultCollection: options.collection({ default: defaultCollection })
})

const driver = ({ defaultCollection }: options.Values<typeof described>) => {
  const noNames = () => Effect.succeed({ names: [], next: undefined })
  const noneRemoved = () => Effect.succeed({ count: 0, next: undefined })
  return {
    system: "null",
    defaultCollection,
    extents: [],
    get: ({ keys }) => Effect.sync(() => keys.map(() => undefined)),
    put: () => Effect.void,
    delete: () => Effect.succeed(0),
    listing: {
      keys: noNames,
      collections: noNames
    },
    maintenance: {
      clear: noneRemoved,
      removeExpired: noneRemoved
    }
  } satisfies Driver
}
