import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Persistence from "effect/persistence/Persistence"
import { encode, withPlace } from "../../driver/boundary.ts"
import { lastOfEachKey } from "../../driver/Call.ts"
import * as Calls from "../../driver/Calls.ts"
import * as options from "../../driver/options.ts"
import { served } from "../../driver/service/served.ts"
import { KeyValue, type Service } from "../../KeyValue.ts"
import type { KeyValueError, StoreSetupError } from "../../KeyValueError.ts"
import { Maintenance } from "../../Maintenance.ts"
import type { Value } from "../../Value.ts"

/**
 * Options of {@link toBackingPersistence}.
 *
 * @since 0.1.0
 */
export interface BackingPersistenceOptions {
  /** Prefix of the collection of each store; the id of the store follows it. Default: `"effect_persistence_"`. */
  readonly collectionPrefix?: string | undefined
}

/**
 * Provides Effect's `BackingPersistence` on top of `KeyValue`, so that `PersistedCache`, `RequestResolver.persisted` and the
 * chats of `effect/ai` are stored in any stack of effect-kv.
 *
 * **Details**
 *
 * Each store id has its own collection, and each entry has the TTL that Effect passes. `setMany` is a single write,
 * even if the TTLs differ.
 *
 * **Errors**
 *
 * Fails to build with `StoreSetupError` if the prefix is not valid. Operations fail with Effect's `PersistenceError`,
 * whose `cause` is the error of effect-kv.
 *
 * **Example** (A cache of results that outlives the process)
 *
 * ```ts
 * import { Layer } from "effect"
 * import { Persistence } from "effect/persistence"
 * import * as EffectStore from "effect-kv/EffectStore"
 * import * as Sqlite from "effect-kv/Sqlite"
 *
 * const Results = Persistence.layer.pipe(
 *   Layer.provide(EffectStore.toBackingPersistence()),
 *   Layer.provide(Sqlite.layer({ filename: "results.db" }))
 * )
 * ```
 *
 * @since 0.1.0
 */
export const toBackingPersistence = (
  config: BackingPersistenceOptions = {}
): Layer.Layer<Persistence.BackingPersistence, StoreSetupError, KeyValue | Maintenance> =>
  Layer.effect(
    Persistence.BackingPersistence,
    Effect.gen(function* () {
      const { collectionPrefix: prefix } = yield* backingPersistenceOptions.read(config)
      const kv = yield* KeyValue
      const maintenance = yield* Maintenance
      return { make: (storeId) => Effect.succeed(store(kv, maintenance, `${prefix}${storeId}`)) }
    })
  )

/** @internal */
export const backingPersistenceOptions = options.of<BackingPersistenceOptions>()("EffectStore", {
  collectionPrefix: options.collection({ default: "effect_persistence_" })
})

type Entries = ReadonlyArray<readonly [key: string, value: object, ttl: Duration.Duration | undefined]>

const store = (
  kv: Service,
  maintenance: Maintenance["Service"],
  collection: string
): Persistence.BackingPersistenceStore => {
  const { driver } = served(kv.driver)
  const setMany = (operation: "put" | "putMany", entries: Entries) =>
    withPlace(
      driver,
      operation,
      entries.map(([key]) => key),
      { collection },
      (place) =>
        Effect.flatMap(
          Effect.forEach(entries, ([key, value, ttl]) =>
            encode(driver, { ...place, keys: [key] }, [value], ttl && wholeMillis(ttl))
          ),
          (encoded) => driver.put(lastOfEachKey(Calls.put(place, encoded.flat())))
        )
    ).pipe(Effect.mapError(toError))

  return {
    get: (key) => Effect.flatMap(Effect.mapError(kv.get(key, { collection }), toError), toObject),
    getMany: (keys) =>
      Effect.flatMap(Effect.mapError(kv.getMany(keys, { collection }), toError), (values) =>
        Effect.forEach(
          Arr.map(keys, (_, index) => values[index]),
          toObject
        )
      ),
    set: (key, value, ttl) => setMany("put", [[key, value, ttl]]),
    setMany: (entries) => setMany("putMany", entries),
    remove: (key) => Effect.mapError(Effect.asVoid(kv.delete(key, { collection })), toError),
    clear: Effect.mapError(Effect.asVoid(maintenance.clearCollection({ collection })), toError)
  }
}

/** Rounds up, since Effect allows TTLs of less than a millisecond. */
const wholeMillis = (ttl: Duration.Duration): Duration.Duration =>
  Duration.isFinite(ttl) ? Duration.millis(Math.ceil(Duration.toMillis(ttl))) : ttl

const toObject = (value: Value | undefined): Effect.Effect<object | undefined, Persistence.PersistenceError> =>
  value === undefined || (typeof value === "object" && value !== null)
    ? Effect.succeed(value)
    : Effect.fail(
        new Persistence.PersistenceError({
          message: `Expected the stored value to be an object, not a ${typeof value}`
        })
      )

const toError = (cause: KeyValueError) => new Persistence.PersistenceError({ message: cause.message, cause })
