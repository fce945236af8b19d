/**
 * Between Effect's own stores and this library's: one as the other, in both directions.
 *
 * **Details**
 *
 * {@link layer} makes a store of any `KeyValueStore` of `effect/persistence`. {@link toKeyValueStore},
 * {@link toBackingPersistence} and {@link toRateLimiterStore} go the other way, so that what Effect builds on its stores
 * (`SchemaStore`, `PersistedCache`, `RateLimiter`, …) runs on any stack of ours.
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
 * A store over Effect's `KeyValueStore`, and so over the browser's `localStorage`.
 *
 * **Details**
 *
 * - An entry is one string under `<collection>::<key>`, whatever the value: the JSON that every store writes, or Base64
 *   for bytes. `:` and `%` in a collection are written as `%3A` and `%25`.
 * - Expired entries are missing for every operation. Writes remove a few of them each, and `removeExpired` all. When the
 *   storage is full, a write removes expired entries (it looks at 10,000 entries at most) and tries once more.
 * - Clearing removes entries of this store only. To share a `KeyValueStore` with others, give it a prefix first
 *   (`KeyValueStore.prefix`).
 * - Batches are several requests at a time, since a `KeyValueStore` has no batches. There is no `Atomic`.
 *
 * Fails to build with `StoreSetupError` when an option is not valid.
 * Operations fail with `StoreError` when the store refused for good (a full or forbidden browser storage, an error whose
 * cause says so), else with `StoreUnavailableError`.
 *
 * **Gotchas**
 *
 * - Enumerating, and now and then a write, asks for all keys at once, as `KeyValueStore` has it.
 * - An expired entry that another process (or tab) replaces in the very moment in which it is removed is lost.
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
): Layer.Layer<KeyValue | Enumeration | Maintenance, StoreSetupError, EffectKeyValueStore.KeyValueStore> =>
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
