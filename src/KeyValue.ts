/**
 * The service that applications use: values by key, in collections, with TTLs.
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
import { served } from "./driver/service/served.ts"
import { type Entry, timeLeft, type ValueWithTtl } from "./Entry.ts"
import type { ReadError, WriteError } from "./KeyValueError.ts"
import { atNow } from "./time/atNow.ts"
import type { Value } from "./Value.ts"

/**
 * The longest key or collection, in bytes of UTF-8: 65,536.
 *
 * @since 0.1.0
 */
export const maxNameBytes = names.maxNameBytes

/**
 * Which collection a call is about.
 *
 * @since 0.1.0
 */
export interface InCollection {
  /** Default: the store's default collection, `"default_collection"` unless the store was told another. */
  readonly collection?: string | undefined
}

/**
 * Options of a write.
 *
 * @since 0.1.0
 */
export interface PutOptions extends InCollection {
  /** How long the entry lives. Default: for ever. At least a millisecond; `"Infinity"` is for ever too. */
  readonly ttl?: Duration.Input | undefined
}

/**
 * Values by key. See the members of {@link KeyValue}.
 *
 * @since 0.1.0
 */
export interface Service {
  /** The driver below, for wrappers and capabilities. */
  readonly driver: Driver

  /**
   * The value of a key; `undefined` when the key is missing or expired.
   *
   * **Details**
   *
   * Only `undefined` is a miss: `null`, `0`, `false`, `""` and `{}` are values. A failure of the store is never a miss.
   */
  readonly get: (key: string, options?: InCollection) => Effect.Effect<Value | undefined, ReadError>

  /** The values of several keys, in their order, in one round trip where the store can. */
  readonly getMany: (
    keys: Iterable<string>,
    options?: InCollection
  ) => Effect.Effect<ReadonlyArray<Value | undefined>, ReadError>

  /** The value of a key and the time that it has left. */
  readonly ttl: (key: string, options?: InCollection) => Effect.Effect<ValueWithTtl | undefined, ReadError>

  /** The values of several keys and the times that they have left, in the order of the keys. */
  readonly ttlMany: (
    keys: Iterable<string>,
    options?: InCollection
  ) => Effect.Effect<ReadonlyArray<ValueWithTtl | undefined>, ReadError>

  /**
   * Stores a value, replacing what was there: value and TTL together.
   *
   * **Gotchas**
   *
   * Without `ttl`, an entry that had a TTL has none afterwards.
   */
  readonly put: (key: string, value: Value, options?: PutOptions) => Effect.Effect<void, WriteError>

  /**
   * Stores several values with one TTL.
   *
   * **Details**
   *
   * Everything is checked and encoded before the first byte is sent. Whether the batch is applied as a whole is up to
   * the store (Memory, Sqlite: yes; Redis, FileSystem: not when it fails half-way). Of equal keys the last one counts, in
   * every stack: the wrappers and the store are given no other.
   */
  readonly putMany: (
    entries: Iterable<readonly [key: string, value: Value]>,
    options?: PutOptions
  ) => Effect.Effect<void, WriteError>

  /** Deletes a key and answers whether it was there. */
  readonly delete: (key: string, options?: InCollection) => Effect.Effect<boolean, WriteError>

  /** Deletes several keys and answers how many were there. */
  readonly deleteMany: (keys: Iterable<string>, options?: InCollection) => Effect.Effect<number, WriteError>

  /**
   * The value of a key, or else what `load` gives, which is stored.
   *
   * **Details**
   *
   * While a key is being loaded through this layer, all callers that ask for it wait for the one outcome, failure
   * included. The load has a fiber and a `Scope` of its own and the services of the first caller, without that caller's
   * budget of time (`Deadline.within`); each caller waits as long as its own budget allows. The load goes on as long as
   * anybody waits, and one that was interrupted stores nothing. Other processes load on their own.
   *
   * What is loaded is stored only if the key is still missing: never over a `put`, nor after a `delete`, that came through
   * this layer while it was loaded. With `Atomic` that holds for other processes, too; the caller then gets the value that is stored.
   *
   * **Gotchas**
   *
   * A load that asks for its own key, or in a circle, is a defect that names the circle.
   */
  readonly getOrSet: <E, R>(
    key: string,
    load: Effect.Effect<Value, E, R>,
    options?: PutOptions
  ) => Effect.Effect<Value, E | ReadError | WriteError, Exclude<R, Scope.Scope>>
}

/**
 * A key-value store, with whatever wraps it.
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
 * The service over a driver: the one place where the eight methods are derived from its three functions.
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
    options?: PutOptions
  ): Effect.Effect<void, WriteError> =>
    withPlace(driver, operation, keys, options, (place) =>
      atNow((now) =>
        Effect.flatMapEager(encodeAt(driver, now, place, values, options?.ttl), (entries) =>
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
    ttl: (key, options) => Effect.map(Effect.flatMap(read("ttl", [key], options), withTtls), ([answer]) => answer),
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
            options
          ),
        undefined
      ),
    delete: (key, options) => Effect.map(remove("delete", [key], options), (count) => count > 0),
    deleteMany: (keys, options) => many(keys, (array) => remove("deleteMany", array, options), 0),
    getOrSet: (key, load, options) =>
      withPlace(driver, "get", [key], options, (place) => getOrLoad(self, place, { load, ttl: options?.ttl }))
  }
}
