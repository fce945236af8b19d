import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as EffectKeyValueStore from "effect/persistence/KeyValueStore"
import * as Stream from "effect/Stream"
import * as Atomic from "../../Atomic.ts"
import { Lanes } from "../../concurrency/Lanes.ts"
import { withPlace } from "../../driver/boundary.ts"
import * as Call from "../../driver/Call.ts"
import * as Calls from "../../driver/Calls.ts"
import * as options from "../../driver/options.ts"
import { sameStack } from "../../driver/sameStack.ts"
import type { AtomicDriver } from "../../driver/service/change.ts"
import { defaultRetries } from "../../driver/service/retries.ts"
import { served } from "../../driver/service/served.ts"
import { update as atomically, replacement } from "../../driver/service/update.ts"
import { Enumeration } from "../../Enumeration.ts"
import { KeyValue, type Service as KeyValueService } from "../../KeyValue.ts"
import type { KeyValueError, Place, StoreSetupError } from "../../KeyValueError.ts"
import { Maintenance } from "../../Maintenance.ts"
import type { Value } from "../../Value.ts"
import * as utf8 from "../../value/utf8.ts"

/**
 * Options of {@link toKeyValueStore}.
 *
 * @since 0.1.0
 */
export interface KeyValueStoreOptions {
  /** Collection of the entries. Default: the default collection of the store. */
  readonly collection?: string | undefined
  /** TTL of each write. Without it, entries never expire, and `modify` keeps the expiry of the entry. Default: none. */
  readonly ttl?: Duration.Input | undefined
}

/**
 * Provides Effect's `KeyValueStore` on top of `KeyValue`, so that code for `KeyValueStore` runs on any stack of
 * effect-kv.
 *
 * **Details**
 *
 * - Text is stored as a JSON string, and bytes as bytes, so both are read unchanged. As in Effect's own stores, text
 *   can be read as bytes in UTF-8, and bytes as text in Base64.
 * - `modify` is atomic between processes if the stack provides `Atomic`, otherwise only within this process. If it
 *   fails, such as for a value that is neither text nor bytes, the value and its expiry stay unchanged.
 *
 * **Errors**
 *
 * Fails to build with `StoreSetupError` if an option is not valid. Operations fail with `KeyValueStoreError`, whose
 * `cause` is the error of effect-kv.
 *
 * @since 0.1.0
 */
export const toKeyValueStore = (
  config: KeyValueStoreOptions = {}
): Layer.Layer<EffectKeyValueStore.KeyValueStore, StoreSetupError, KeyValue | Enumeration | Maintenance> =>
  Layer.effect(EffectKeyValueStore.KeyValueStore, make(config))

/** @internal */
export const keyValueStoreOptions = options.of<KeyValueStoreOptions>()("EffectStore", {
  collection: options.collection({ otherwise: "the default collection of the store" }),
  ttl: options.ttl({ infinite: true, otherwise: "none" })
})

const make = Effect.fnUntraced(function* (options: KeyValueStoreOptions) {
  const config = yield* keyValueStoreOptions.read(options)
  const kv = yield* KeyValue
  const enumeration = yield* Enumeration
  const maintenance = yield* Maintenance
  const atomic = yield* Effect.serviceOption(Atomic.Atomic)
  yield* sameStack("EffectStore", kv, enumeration, maintenance, Option.getOrUndefined(atomic))
  const inCollection = { collection: config.collection }
  const { put, remove, update } = writes(kv, atomic, config)

  const get = <A>(method: string, key: string, read: (value: Value) => A | undefined) =>
    Effect.flatMap(Effect.mapError(kv.get(key, inCollection), toError(method, key)), (value) => {
      if (value === undefined) return Effect.undefined
      const found = read(value)
      return found === undefined ? notText(method, key) : Effect.succeed(found)
    })

  const modify = <A extends string | Uint8Array>(
    method: string,
    key: string,
    read: (value: Value) => A | undefined,
    f: (value: A) => A
  ) =>
    Effect.suspend(() => {
      let modified: A | undefined
      let isText = true
      const change = (value: Value | undefined): Option.Option<Value> => {
        const current = value === undefined ? undefined : read(value)
        isText = value === undefined || current !== undefined
        modified = current === undefined ? undefined : f(current)
        return Option.fromUndefinedOr(modified)
      }
      return Effect.flatMap(Effect.mapError(update(key, change), toError(method, key)), () =>
        isText ? Effect.succeed(modified) : notText(method, key)
      )
    })

  return EffectKeyValueStore.make({
    get: (key) => get("get", key, toText),
    getUint8Array: (key) => get("getUint8Array", key, toBytes),
    set: (key, value) => Effect.mapError(put(key, value), toError("set", key)),
    remove: (key) => Effect.mapError(remove(key), toError("remove", key)),
    clear: Effect.mapError(Effect.asVoid(maintenance.clearCollection(inCollection)), toError("clear")),
    clearPrefix: (prefix) =>
      enumeration.keys({ ...inCollection, prefix }).pipe(
        Stream.grouped(1000),
        Stream.runForEach((keys) => kv.deleteMany(keys, inCollection)),
        Effect.mapError(toError("clearPrefix", prefix))
      ),
    keys: Effect.mapError(Stream.runCollect(enumeration.keys(inCollection)), toError("keys")),
    size: Effect.mapError(Stream.runCount(enumeration.keys(inCollection)), toError("size")),
    isEmpty: Effect.mapError(
      Effect.map(Stream.runHead(enumeration.keys({ ...inCollection, limit: 1 })), Option.isNone),
      toError("isEmpty")
    ),
    modify: (key, f) => modify("modify", key, toText, f),
    modifyUint8Array: (key, f) => modify("modifyUint8Array", key, toBytes, f)
  })
})

type Update = (
  key: string,
  f: (value: Value | undefined) => Option.Option<Value>
) => Effect.Effect<unknown, KeyValueError>

/** Returns writes that lose no change: with the store's `Atomic`, or else one after another within this process. */
const writes = (kv: KeyValueService, atomic: Option.Option<Atomic.Service>, putOptions: KeyValueStoreOptions) => {
  const { ttl } = putOptions
  const { driver } = served(kv.driver)
  const put = (key: string, value: Value) => kv.put(key, value, putOptions)
  const remove = (key: string) => Effect.asVoid(kv.delete(key, putOptions))
  if (Option.isSome(atomic)) {
    const update: Update = (key, f) =>
      withPlace(driver, "update", [key], putOptions, (place) =>
        atomically(driver as AtomicDriver, place, { ttl, maxRetries: defaultRetries }, f)
      )
    return { put, remove, update }
  }
  const lanes = new Lanes()
  const updateAlone = Effect.fnUntraced(function* (
    place: Place,
    f: (value: Value | undefined) => Option.Option<Value>
  ): Effect.fn.Return<void, KeyValueError> {
    const [current] = yield* driver.get(Calls.get(Call.beforeWriting(place), { expiry: true }))
    const made = f(current?.payload.value)
    if (Option.isNone(made)) return
    const entry = yield* replacement(driver, place, current, made.value, ttl)
    yield* driver.put(Calls.put(place, [entry]))
  })
  const update: Update = (key, f) =>
    withPlace(driver, "update", [key], putOptions, (place) => lanes.run([key], updateAlone(place, f)))
  return {
    put: (key: string, value: Value) => lanes.run([key], put(key, value)),
    remove: (key: string) => lanes.run([key], remove(key)),
    update
  }
}

const toText = (value: Value): string | undefined => {
  if (typeof value === "string") return value
  return value instanceof Uint8Array ? Base64.encode(value) : undefined
}

const toBytes = (value: Value): Uint8Array | undefined => {
  if (typeof value === "string") return utf8.encode(value)
  return value instanceof Uint8Array ? value : undefined
}

const toError = (method: string, key?: string) => (cause: KeyValueError) =>
  new EffectKeyValueStore.KeyValueStoreError({
    method,
    message: cause.message,
    ...(key !== undefined && { key }),
    cause
  })

const notText = (method: string, key: string) =>
  Effect.fail(
    new EffectKeyValueStore.KeyValueStoreError({
      method,
      key,
      message: `The value of ${JSON.stringify(key)} is neither text nor bytes, so no KeyValueStore wrote it`
    })
  )
