/**
 * The service that applications use: values by key, in collections, with TTLs.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Driver } from "./driver/Driver.ts"
import { type Entry, timeLeft, type ValueWithTtl } from "./Entry.ts"
import { atNow } from "./internal/atNow.ts"
import * as names from "./internal/names.ts"
import { SingleFlight } from "./internal/SingleFlight.ts"
import { expiry } from "./internal/ttl.ts"
import {
  InvalidKeyError,
  InvalidTtlError,
  type Operation,
  type Place,
  type ReadError,
  SerializationError,
  type WriteError
} from "./KeyValueError.ts"
import { copy, Payload, type Value } from "./Value.ts"

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
   * the store (Memory, Sqlite: yes; Redis, FileSystem: not when it fails half-way). The last of equal keys wins.
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
   * While a key is being loaded through this service, whoever asks for it waits for the one outcome, failure included.
   * The load goes on as long as anybody waits, and one that was interrupted stores nothing. Other processes load on
   * their own.
   */
  readonly getOrSet: <E, R>(
    key: string,
    load: Effect.Effect<Value, E, R>,
    options?: PutOptions
  ) => Effect.Effect<Value, E | ReadError | WriteError, R>
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
export const make = (driver: Driver): Service => {
  const loads = new SingleFlight<Value, any>()

  const read = (
    operation: "get" | "getMany" | "ttl" | "ttlMany",
    keys: ReadonlyArray<string>,
    options?: InCollection
  ) =>
    withPlace(driver, operation, keys, options, (place) =>
      driver.get({
        _tag: "get",
        place,
        deadline: undefined,
        collection: place.collection,
        keys,
        expiry: operation === "ttl" || operation === "ttlMany",
        versioned: false
      })
    )

  const write = (
    operation: "put" | "putMany",
    keys: ReadonlyArray<string>,
    values: ReadonlyArray<unknown>,
    options?: PutOptions
  ): Effect.Effect<void, WriteError> =>
    withPlace(driver, operation, keys, options, (place) =>
      atNow((now) => {
        const entries = encodeAt(driver, now, place, values, options?.ttl)
        return Exit.isSuccess(entries)
          ? driver.put({
              _tag: "put",
              place,
              deadline: undefined,
              collection: place.collection,
              keys,
              entries: entries.value
            })
          : entries
      })
    )

  const remove = (operation: "delete" | "deleteMany", keys: ReadonlyArray<string>, options?: InCollection) =>
    withPlace(driver, operation, keys, options, (place) => driver.delete({ _tag: "delete", ...callAt(place) }))

  const withTtls = (entries: ReadonlyArray<Entry | undefined>) =>
    Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      return Effect.succeed(entries.map((entry) => entry && { value: entry.payload.value, ttl: timeLeft(entry, now) }))
    })

  /** Takes the items at once, so that the effect can run again although an iterator cannot. */
  const many = <A, B, E>(
    items: Iterable<A>,
    run: (items: ReadonlyArray<A>) => Effect.Effect<B, E>,
    empty: B
  ): Effect.Effect<B, E> => {
    const array = Array.from(items)
    return array.length === 0 ? Effect.succeed(empty) : Effect.suspend(() => run(array))
  }

  const put: Service["put"] = (key, value, options) => Effect.suspend(() => write("put", [key], [value], options))
  const get: Service["get"] = (key, options) =>
    Effect.map(read("get", [key], options), (entries) => entries[0]?.payload.value)

  return {
    driver,
    get,
    getMany: (keys, options) =>
      many(
        keys,
        (array) =>
          Effect.map(read("getMany", array, options), (entries) => entries.map((entry) => entry?.payload.value)),
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
      orElseIfMissing(get(key, options), () =>
        Effect.map(
          loads.run(
            JSON.stringify([options?.collection || driver.defaultCollection, key]),
            loadInto(get(key, options), load, (value) => put(key, value, options))
          ),
          copy
        )
      )
  }
}

const orElseIfMissing = <E, E2, R>(
  get: Effect.Effect<Value | undefined, E>,
  orElse: () => Effect.Effect<Value, E2, R>
): Effect.Effect<Value, E | E2, R> => Effect.filterOrElse(get, Predicate.isNotUndefined, orElse)

/** Looks again, since the key may have been loaded just before this load began. */
const loadInto = <E, R, E2, E3>(
  get: Effect.Effect<Value | undefined, E2>,
  load: Effect.Effect<Value, E, R>,
  put: (value: Value) => Effect.Effect<void, E3>
): Effect.Effect<Value, E | E2 | E3, R> =>
  Effect.map(
    orElseIfMissing(get, () => Effect.tap(load, put)),
    copy
  )

/** @internal */
export const callAt = (place: Place) => ({
  place,
  deadline: undefined,
  collection: place.collection,
  keys: place.keys
})

/** @internal Checks names before anything else happens. */
export const withPlace = <A, E>(
  driver: Driver,
  operation: Operation,
  keys: ReadonlyArray<string>,
  options: InCollection | undefined,
  run: (place: Place) => Effect.Effect<A, E>
): Effect.Effect<A, E | InvalidKeyError> => {
  const collection = options?.collection || driver.defaultCollection
  const place = { operation, collection, keys }
  const problem = names.problemOf(collection, "collection")
  if (problem !== undefined) return Effect.fail(new InvalidKeyError({ ...place, reason: problem }))
  for (const key of keys) {
    const reason = names.problemOf(key, "key")
    if (reason !== undefined) return Effect.fail(new InvalidKeyError({ ...place, keys: [key], reason }))
  }
  return run(place)
}

/** @internal Validates, copies and dates values. */
export const encode = (
  driver: Pick<Driver, "exact" | "prefersText">,
  place: Place,
  values: ReadonlyArray<unknown>,
  ttl: Duration.Input | undefined
): Effect.Effect<ReadonlyArray<Entry>, SerializationError | InvalidTtlError> =>
  atNow((now) => encodeAt(driver, now, place, values, ttl))

const encodeAt = (
  driver: Pick<Driver, "exact" | "prefersText">,
  createdAt: number,
  place: Place,
  values: ReadonlyArray<unknown>,
  ttl: Duration.Input | undefined
): Exit.Exit<ReadonlyArray<Entry>, SerializationError | InvalidTtlError> => {
  const expiresAt = expiry(ttl, createdAt)
  if (Result.isFailure(expiresAt)) return Exit.fail(new InvalidTtlError({ ...place, ttl, reason: expiresAt.failure }))
  const entries: Array<Entry> = []
  const as = { exact: driver.exact, asText: driver.prefersText }
  for (let i = 0; i < values.length; i++) {
    const payload = Payload.from(values[i], as)
    if (Result.isFailure(payload)) {
      return Exit.fail(new SerializationError({ ...place, keys: [place.keys[i] as string], ...payload.failure }))
    }
    entries.push({ payload: payload.success, createdAt, expiresAt: expiresAt.success })
  }
  return Exit.succeed(entries)
}
