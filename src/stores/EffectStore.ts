/**
 * Adapters between the stores of `effect/persistence` and effect-kv, in both directions.
 *
 * **Details**
 *
 * {@link layer} turns any `KeyValueStore` of `effect/persistence` into a store of effect-kv. {@link toKeyValueStore},
 * {@link toBackingPersistence} and {@link toRateLimiterStore} do the opposite, so that modules of Effect
 * (`SchemaStore`, `PersistedCache`, `RateLimiter`, …) run on any stack of effect-kv.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as EffectKeyValueStore from "effect/persistence/KeyValueStore"
import { layer as driverLayer } from "../Driver.ts"
import { defaultCollection } from "../driver/Driver.ts"
import * as options from "../driver/options.ts"
import type { Enumeration } from "../Enumeration.ts"
import type { Health } from "../Health.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { make as makeDriver } from "./effectStore/driver.ts"

export * from "./effectStore/backingPersistence.ts"
export * from "./effectStore/keyValueStore.ts"
export * from "./effectStore/rateLimiterStore.ts"

/**
 * Options of {@link layer}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Collection of calls that name no collection. Default: `"default_collection"`. */
  readonly defaultCollection?: string | undefined
}

/**
 * Stores entries in a `KeyValueStore` of Effect, such as one over the browser's `localStorage`.
 *
 * **When to use**
 *
 * Use it to run effect-kv on a store that somebody has written for Effect, or in a browser on `localStorage`.
 *
 * **Details**
 *
 * - Each entry is one string under `<collection>::<key>`: the JSON text that every store writes, or Base64 if the value
 *   is bytes. `:` and `%` in a collection are escaped as `%3A` and `%25`.
 * - No operation returns expired entries. Each write removes a few of them, and `removeExpired` removes all. If the
 *   storage is full, a write looks for expired entries (among at most 10,000 entries), removes them, and is tried once
 *   more.
 * - Clearing removes only entries of this store. If other programs use the same `KeyValueStore`, give it a prefix first
 *   (`KeyValueStore.prefix`).
 * - A batch makes one request per key, up to 16 at a time, because a `KeyValueStore` has no batches.
 * - The store does not provide `Atomic`.
 *
 * **Errors**
 *
 * - `StoreError`: the browser storage is full or forbidden, or the cause of the error says that a retry cannot help.
 * - `StoreUnavailableError`: any other failure of the `KeyValueStore`.
 * - `DeserializationError`: a stored entry is not in a format of effect-kv.
 * - `EntryTooLargeError`: bytes do not fit in the longest string of the runtime.
 *
 * Fails to build with `StoreSetupError` if an option is not valid.
 *
 * **Gotchas**
 *
 * - Enumeration, and occasionally a write, reads the list of all keys at once, because `KeyValueStore` has no pages.
 * - If another process or tab replaces an expired entry at the moment when it is removed, the new entry is lost.
 *
 * **Example** (In a browser)
 *
 * ```ts
 * import { Layer } from "effect"
 * import { KeyValueStore } from "effect/persistence"
 * import * as EffectStore from "effect-kv/EffectStore"
 *
 * const Store = EffectStore.layer().pipe(Layer.provide(KeyValueStore.layerStorage(() => localStorage)))
 * ```
 *
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<KeyValue | Health | Enumeration | Maintenance, StoreSetupError, EffectKeyValueStore.KeyValueStore> =>
  driverLayer(make(options))

/**
 * The driver of {@link layer}.
 *
 * @since 0.1.0
 */
export const make = (config: Options) =>
  Effect.flatMap(described.read(config), ({ defaultCollection }) =>
    Effect.map(EffectKeyValueStore.KeyValueStore, (store) => makeDriver(store, defaultCollection))
  )

/** @internal */
export const described = options.of<Options>()("EffectStore", {
  defaultCollection: options.collection({ default: defaultCollection })
})
