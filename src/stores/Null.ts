/**
 * A store that keeps nothing.
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
 * A store that accepts every write and keeps nothing: each read is a miss.
 *
 * **When to use**
 *
 * Use it to switch a cache off without touching the code that uses it.
 *
 * **Details**
 *
 * Names, values and TTLs are checked as everywhere, so that what works here works with another store. Deleting answers
 * `false` or 0, and there is nothing to enumerate or to clear. There is no `Atomic`: no update could be honoured.
 *
 * Fails to build with `StoreSetupError` when an option is not valid.
 *
 * **Example** (A cache that can be switched off)
 *
 * ```ts
 * import { Memory, Null } from "effect-kv"
 *
 * export const cache = (enabled: boolean) => (enabled ? Memory.layer({ maxEntries: 1000 }) : Null.layer())
 * ```
 *
 * @since 0.1.0
 */
export const layer = (config: Options = {}): Layer.Layer<KeyValue | Enumeration | Maintenance, StoreSetupError> =>
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
