/**
 * The service that applications use. It stores values by key, in collections and with TTLs.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as slices from "./concurrency/slices.ts"
import { encodeAt, valueOf, withItems, withPlace } from "./driver/boundary.ts"
import { lastOfEachKey } from "./driver/Call.ts"
import * as Calls from "./driver/Calls.ts"
import type { Driver } from "./driver/Driver.ts"
import * as names from "./driver/names.ts"
import { getOrLoad } from "./driver/service/getOrLoad.ts"
import { getOrLoadMany, type LoadingMany } from "./driver/service/getOrLoadMany.ts"
import { has } from "./driver/service/has.ts"
import { served } from "./driver/service/served.ts"
import { touch } from "./driver/service/touch.ts"
import { type Entry, timeLeft, type ValueWithTtl } from "./Entry.ts"
import type { ConflictError, ReadError, WriteError } from "./KeyValueError.ts"
import { type Leased, type LeasedError, withOnce } from "./lease/loadOnce.ts"
import { atNow } from "./time/atNow.ts"
import type { Storable, Value } from "./Value.ts"

/**
 * The maximum length of a key or a collection's name: 65,536 bytes of UTF-8.
 *
 * @since 0.1.0
 */
export const maxNameBytes = names.maxNameBytes

/**
 * Selects the collection of a call.
 *
 * @since 0.1.0
 */
export interface InCollection {
  /** Name of the collection. Default: the `defaultCollection` option of the store, which is `"default_collection"` unless you set it. */
  readonly collection?: string | undefined
}

/**
 * Options of a write.
 *
 * @since 0.1.0
 */
export interface PutOptions extends InCollection {
  /** How long the entry lives: at least a millisecond. Without it, or with `"Infinity"`, the entry never expires. Default: none. */
  readonly ttl?: Duration.Input | undefined
}

/**
 * Options of one entry of `putMany`.
 *
 * @since 0.2.0
 */
export interface EntryOptions {
  /** How long this entry lives. With `"Infinity"`, it never expires. Default: the `ttl` of `putMany`. */
  readonly ttl?: Duration.Input | undefined
}

/**
 * Options of `getOrSetMany`, and of `getOrSet` together with `lease`.
 *
 * @since 0.2.0
 */
export interface GetOrSetManyOptions<A = Value> extends InCollection {
  /**
   * How long a loaded value lives, or a function that returns it for the value and its key. With `undefined` or
   * `"Infinity"`, the value never expires. Default: none.
   */
  readonly ttl?: Duration.Input | ((value: A, key: string) => Duration.Input | undefined) | undefined
  /**
   * What happens when the store fails. With `"fail"`, the call fails. With `"load"`, a value that cannot be read is loaded,
   * and a loaded value that cannot be stored is returned. Default: `"fail"`.
   */
  readonly onStoreFailure?: "fail" | "load" | undefined
}

/** The type of loaded values. If TypeScript infers nothing from the load, it is `Value`. */
type Loaded<A> = unknown extends A ? Value : A

/**
 * Options of `getOrSet`.
 *
 * @since 0.2.0
 */
export interface GetOrSetOptions<A = Value, L extends Duration.Input = Duration.Input>
  extends GetOrSetManyOptions<A>,
    Leased<L> {}

/** @internal */
export { described as getOrSetOptions } from "./lease/loadOnce.ts"

/**
 * Reads and writes values by key. This is the interface of {@link KeyValue}.
 *
 * @since 0.1.0
 */
export interface Service {
  /** The driver of the service, for wrappers and capabilities. */
  readonly driver: Driver

  /**
   * Returns the value of a key, or `undefined` if the key is missing or expired.
   *
   * **Details**
   *
   * Only `undefined` is a miss: `null`, `0`, `false`, `""` and `{}` are values. If the store fails, `get` fails: a failure is
   * never reported as a miss.
   */
  readonly get: (key: string, options?: InCollection) => Effect.Effect<Value | undefined, ReadError>

  /** Returns the values of several keys, in the order of the keys. Takes one round trip if the store supports it. */
  readonly getMany: (
    keys: Iterable<string>,
    options?: InCollection
  ) => Effect.Effect<ReadonlyArray<Value | undefined>, ReadError>

  /** Returns the value of a key and its remaining TTL. */
  readonly ttl: (key: string, options?: InCollection) => Effect.Effect<ValueWithTtl | undefined, ReadError>

  /** Returns the values of several keys and their remaining TTLs, in the order of the keys. */
  readonly ttlMany: (
    keys: Iterable<string>,
    options?: InCollection
  ) => Effect.Effect<ReadonlyArray<ValueWithTtl | undefined>, ReadError>

  /**
   * Stores a value. It replaces both the old value and the old TTL.
   *
   * **Gotchas**
   *
   * Without `ttl`, the new entry never expires, even if the old one had a TTL.
   */
  readonly put: <A>(
    key: string,
    value: Value | (A & Storable<A>),
    options?: PutOptions
  ) => Effect.Effect<void, WriteError>

  /**
   * Stores several values, with one TTL or with a TTL for each: `[key, value, { ttl: "1 hour" }]`.
   *
   * **Details**
   *
   * All entries are checked and encoded before the first byte is sent. Memory and Sqlite apply a batch as a whole. Redis and
   * FileSystem may apply a part of a batch that fails. If a key occurs more than once, its last value is stored, in every
   * stack: wrappers and stores only get the last one.
   */
  readonly putMany: <A>(
    entries: Iterable<readonly [key: string, value: Value | (A & Storable<A>), options?: EntryOptions | undefined]>,
    options?: PutOptions
  ) => Effect.Effect<void, WriteError>

  /**
   * Returns whether a key has a value.
   *
   * **Details**
   *
   * The result is `true` if `get` would return a value. Stores read the value for this, so `has` costs as much as `get`. It
   * fails as `get` does, for example with `DeserializationError` if the entry is damaged.
   */
  readonly has: (key: string, options?: InCollection) => Effect.Effect<boolean, ReadError>

  /**
   * Gives the entry of a key a new TTL, which begins now. Returns `false` if the key is missing.
   *
   * **Details**
   *
   * The entry keeps its value and its time of writing. Without `ttl`, or with `"Infinity"`, it never expires, as with `put`.
   * With `Atomic` in the stack, the entry is read and replaced only if nobody has changed it in the meantime; otherwise,
   * `touch` starts again after a short random pause. It fails with `ConflictError` after 100 retries. The result is also
   * `false` if a wrapper drops the write (see `Atomic.putIfAbsent`).
   *
   * **Gotchas**
   *
   * - The value is read and written again, so `touch` costs a read and a write.
   * - In a stack without `Atomic` (such as `Fallback` and `Replicate`), `touch` reads the entry and then writes it. A write
   *   of the key in between is lost, and a deleted entry is stored again. The result is `true` even if a wrapper drops the
   *   write.
   */
  readonly touch: (key: string, options?: PutOptions) => Effect.Effect<boolean, ReadError | WriteError | ConflictError>

  /** Deletes a key. Returns whether it existed. */
  readonly delete: (key: string, options?: InCollection) => Effect.Effect<boolean, WriteError>

  /** Deletes several keys. Returns how many of them existed. */
  readonly deleteMany: (keys: Iterable<string>, options?: InCollection) => Effect.Effect<number, WriteError>

  /**
   * Returns the value of a key. If the key is missing, runs `load` and stores its result.
   *
   * **Details**
   *
   * While a key is being loaded through this layer, all callers that ask for it wait for the same load and get the same
   * result, even if it is a failure. Other processes load on their own, unless the call has a `lease`.
   *
   * The load runs on its own fiber, with its own `Scope` and with the services of the first caller. It does not have the
   * time budget of that caller (`Deadline.within`). Each caller waits as long as its own budget allows. The load continues
   * while at least one caller waits. An interrupted load stores nothing.
   *
   * The loaded value is stored only if nobody has written the key through this layer during the load. A `delete` counts
   * as a write. With `Atomic`, a write of another process during the load counts, too. If another process has stored a
   * value, the caller gets that value instead of the loaded one.
   *
   * With `onStoreFailure: "load"`, the call does not fail because of the store. If the read fails or times out, the load
   * runs, and its value is not stored. If only the write fails, this is logged as a warning. The call still fails for a key,
   * a value or a TTL that is not valid, at the caller's deadline, and after the layer has closed.
   *
   * With `lease`, one process at a time loads a key. It holds a lease (see `Lease`) and reads the key again before it loads.
   * The others read the key every 10 to 200 milliseconds until it has a value, or until they get the lease: because the load
   * has failed, or because its process has died. After 5 minutes, they load without the lease. A load under a lease takes about six round trips more. Callers that wait
   * for one load in this process use the `lease` of the first of them. Fails with `StoreSetupError` if `lease` is not valid,
   * or if the store has no `Atomic`.
   *
   * **Gotchas**
   *
   * - If a load waits for its own key, directly or through other loads, the call dies with a defect that names the keys
   *   of the cycle. With `lease`, this is only noticed within one process.
   * - With `lease`, a load that hangs lets the callers in all processes wait. Give the load a time limit.
   * - A process that stands still for longer than `lease` while it loads loses the lease. Then two processes load, and the
   *   value that comes first is stored.
   */
  readonly getOrSet: <A, E, R, L extends Duration.Input = never>(
    key: string,
    load: Effect.Effect<Value | (A & Storable<A>), E, R>,
    options?: GetOrSetOptions<Loaded<A>, L>
  ) => Effect.Effect<Value, E | ReadError | WriteError | LeasedError<L>, Exclude<R, Scope.Scope>>

  /**
   * Returns the values of several keys, in the order of the keys. Loads the values that are missing with one call of `load`,
   * and stores them.
   *
   * **Details**
   *
   * `load` gets the missing keys, each once, and returns a `Map` or other pairs of key and value. A key that it does not
   * return stays missing: its result is `undefined`, and nothing is stored for it. Pairs of other keys are ignored.
   *
   * As with `getOrSet`, callers that ask for the same key at the same time share its load, and a loaded value is stored only
   * if the key has not been written in the meantime.
   *
   * **Gotchas**
   *
   * With `Atomic` in the stack, each loaded value is one conditional write, 16 at a time. Without it, they are one write.
   * There is no `lease`.
   */
  readonly getOrSetMany: <A, E, R>(
    keys: Iterable<string>,
    load: (
      missing: ReadonlyArray<string>
    ) => Effect.Effect<Iterable<readonly [key: string, value: Value | (A & Storable<A>)]>, E, R>,
    options?: GetOrSetManyOptions<Loaded<A>>
  ) => Effect.Effect<ReadonlyArray<Value | undefined>, E | ReadError | WriteError, Exclude<R, Scope.Scope>>
}

/**
 * A key-value store, together with the wrappers around it.
 *
 * **Errors**
 *
 * - `InvalidKeyError`: a key or a collection is not valid.
 * - `InvalidTtlError`: a TTL is not valid.
 * - `SerializationError`: a value is neither JSON nor bytes.
 * - `ConflictError`: other writers came first, at each attempt of `touch`.
 * - `StoreUnavailableError`: the layer is closed.
 * - All errors of the store and its wrappers.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { KeyValue, Memory } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const kv = yield* KeyValue.KeyValue
 *   yield* kv.put("user:123", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
 *   return yield* kv.get("user:123", { collection: "users" })
 * })
 *
 * program.pipe(Effect.provide(Memory.layer()))
 * ```
 *
 * @since 0.1.0
 */
export class KeyValue extends Context.Service<KeyValue, Service>()("effect-kv/KeyValue") {}

/**
 * Makes the service over a driver. All methods are derived from the driver's `get`, `put` and `delete`.
 *
 * @since 0.1.0
 */
export const make = (self: Driver): Service => {
  const { driver } = served(self)

  const read = (
    operation: "get" | "getMany" | "ttl" | "ttlMany",
    keys: ReadonlyArray<string>,
    options?: InCollection
  ) =>
    withPlace(driver, operation, keys, options, (place) =>
      driver.get(Calls.get(place, { expiry: operation === "ttl" || operation === "ttlMany" }))
    )

  const write = (
    operation: "put" | "putMany",
    keys: ReadonlyArray<string>,
    values: ReadonlyArray<unknown>,
    options?: PutOptions,
    ttls?: ReadonlyArray<Duration.Input | undefined>
  ): Effect.Effect<void, WriteError> =>
    withPlace(driver, operation, keys, options, (place) =>
      atNow((now) =>
        Effect.flatMapEager(encodeAt(driver, now, place, values, options?.ttl, ttls), (entries) =>
          driver.put(lastOfEachKey(Calls.put(place, entries)))
        )
      )
    )

  const remove = (operation: "delete" | "deleteMany", keys: ReadonlyArray<string>, options?: InCollection) =>
    withPlace(driver, operation, keys, options, (place) => driver.delete(Calls.remove(place)))

  const withTtls = (entries: ReadonlyArray<Entry | undefined>) =>
    Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      return slices.map(entries, (entry) => entry && { value: valueOf(driver, entry), ttl: timeLeft(entry, now) })
    })

  const many = <A, B, E>(
    items: Iterable<A>,
    run: (items: ReadonlyArray<A>) => Effect.Effect<B, E>,
    empty: B
  ): Effect.Effect<B, E> => withItems(items, (array) => (array.length === 0 ? Effect.succeed(empty) : run(array)))

  const put: Service["put"] = (key, value, options) => write("put", [key], [value], options)
  const get: Service["get"] = (key, options) =>
    Effect.map(read("get", [key], options), ([entry]) => entry && valueOf(driver, entry))

  return {
    driver: self,
    get,
    getMany: (keys, options) =>
      many(
        keys,
        (array) =>
          Effect.flatMap(read("getMany", array, options), (entries) =>
            slices.map(entries, (entry) => entry && valueOf(driver, entry))
          ),
        []
      ),
    ttl: (key, options) => Effect.map(Effect.flatMap(read("ttl", [key], options), withTtls), ([result]) => result),
    ttlMany: (keys, options) => many(keys, (array) => Effect.flatMap(read("ttlMany", array, options), withTtls), []),
    put,
    putMany: (entries, options) =>
      many(
        entries,
        (array) =>
          write(
            "putMany",
            array.map(([key]) => key),
            array.map(([, value]) => value),
            options,
            array.map(([, , own]) => own?.ttl)
          ),
        undefined
      ),
    has: (key, options) => withPlace(driver, "has", [key], options, (place) => has(driver, place)),
    touch: (key, options) => withPlace(driver, "touch", [key], options, (place) => touch(driver, place, options?.ttl)),
    delete: (key, options) => Effect.map(remove("delete", [key], options), (count) => count > 0),
    deleteMany: (keys, options) => many(keys, (array) => remove("deleteMany", array, options), 0),
    getOrSet: (key, load, options) =>
      withPlace(driver, "get", [key], options, (place) =>
        withOnce(self, options?.lease, (once) =>
          getOrLoad(self, place, { load: load as Effect.Effect<Value, any, any>, once, ...loadOptions(options) })
        )
      ) as Effect.Effect<Value, any, any>,
    getOrSetMany: (keys, load, options) =>
      withItems(keys, (keys) =>
        withPlace(driver, "getMany", keys, options, (place) =>
          keys.length === 0
            ? Effect.succeed([])
            : getOrLoadMany(self, place, { load: load as LoadingMany<any, any>["load"], ...loadOptions(options) })
        )
      )
  }
}

/** The driver calls `ttl` with what was loaded, so the type of the value is that of the load. */
const loadOptions = <A>(options: GetOrSetManyOptions<A> | undefined) => ({
  ttl: options?.ttl as GetOrSetManyOptions["ttl"],
  onStoreFailure: options?.onStoreFailure
})
