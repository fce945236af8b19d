/**
 * Typed collections: the values of a collection have a schema, and its keys may have one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { collectionCodec } from "./collection/codec.ts"
import { withReading } from "./collection/reading.ts"
import { withItems, withPlace } from "./driver/boundary.ts"
import { getOrLoad } from "./driver/service/getOrLoad.ts"
import type { ValueWithTtl } from "./Entry.ts"
import * as KeyValue from "./KeyValue.ts"
import { MissingKeyError, type Operation, type ReadError, type WriteError } from "./KeyValueError.ts"
import type { Value } from "./Value.ts"

/**
 * Options of {@link make} and {@link Service}.
 *
 * @since 0.1.0
 */
export interface Options<S extends Schema.Constraint, K> {
  /** Schema of the values. Values are stored as JSON (`Schema.toCodecJson`), so dates, classes and options work. */
  readonly schema: S
  /** Codec for keys that are not strings. Default: none. */
  readonly key?: Schema.Codec<K, string> | undefined
  /** TTL of the entries. Default: none. */
  readonly ttl?: Duration.Input | undefined
  /**
   * Whether reading a value that does not fit the schema fails with `DeserializationError` or is a miss. A miss logs a
   * warning, without the value. Default: `"fail"`.
   */
  readonly onInvalid?: "fail" | "miss" | undefined
}

/**
 * Options of {@link Service}.
 *
 * @since 0.1.0
 */
export interface ServiceOptions<S extends Schema.Constraint, K> extends Options<S, K> {
  /** Name of the collection in the store. Default: the id of the service. */
  readonly collection?: string | undefined
}

/**
 * Options of a write.
 *
 * @since 0.1.0
 */
export interface PutOptions {
  /** TTL of the entry. With `"Infinity"`, it never expires. Default: the `ttl` of the collection. */
  readonly ttl?: Duration.Input | undefined
}

/**
 * A collection of values of type `A` under keys of type `K`. `RD` and `RE` are the services that the schema needs to decode
 * and to encode values.
 *
 * **Details**
 *
 * - A read fails with `DeserializationError` if the stored value does not match the schema, unless `onInvalid` is `"miss"`.
 * - A write fails with `SerializationError` if the value does not match the schema.
 * - Both fail with `InvalidKeyError` if the key does not match its schema.
 *
 * The `cause` of the first two errors is the `SchemaError`. Reads and writes fail with the same errors for a value that
 * contains itself, that is nested too deeply for the schema, or that throws when it is read.
 *
 * @since 0.1.0
 */
export interface Collection<A, K = string, RD = never, RE = never> {
  /** The collection's name in the store. */
  readonly collection: string

  /** Returns the value of a key, or `None` if the key is missing or expired. */
  readonly get: (key: K) => Effect.Effect<Option.Option<A>, ReadError, RD>

  /** Returns the value of a key. Fails with `MissingKeyError` if the key is missing. */
  readonly getOrFail: (key: K) => Effect.Effect<A, ReadError | MissingKeyError, RD>

  /** Returns the value of a key, or the result of `orElse` if the key is missing. */
  readonly getOrElse: <B>(key: K, orElse: () => B) => Effect.Effect<A | B, ReadError, RD>

  /** Returns the values of several keys, in the order of the keys. Takes one round trip if the store supports it. */
  readonly getMany: (keys: Iterable<K>) => Effect.Effect<ReadonlyArray<Option.Option<A>>, ReadError, RD>

  /** Returns the value of a key and its remaining TTL. */
  readonly ttl: (key: K) => Effect.Effect<Option.Option<ValueWithTtl<A>>, ReadError, RD>

  /** Returns the values of several keys and their remaining TTLs, in the order of the keys. */
  readonly ttlMany: (keys: Iterable<K>) => Effect.Effect<ReadonlyArray<Option.Option<ValueWithTtl<A>>>, ReadError, RD>

  /** Stores a value. It replaces both the old value and the old TTL. */
  readonly put: (key: K, value: A, options?: PutOptions) => Effect.Effect<void, WriteError, RE>

  /** Stores several values with one TTL. If one of them does not match the schema, nothing is stored. */
  readonly putMany: (
    entries: Iterable<readonly [key: K, value: A]>,
    options?: PutOptions
  ) => Effect.Effect<void, WriteError, RE>

  /** Deletes a key. Returns whether it existed. */
  readonly delete: (key: K) => Effect.Effect<boolean, WriteError>

  /** Deletes several keys. Returns how many of them existed. */
  readonly deleteMany: (keys: Iterable<K>) => Effect.Effect<number, WriteError>

  /**
   * Returns the value of a key. If the key is missing, runs `load` and stores its result.
   *
   * **Details**
   *
   * Callers that ask for a key while it is being loaded share one load: see `KeyValue.getOrSet`. With `onInvalid: "miss"`, a
   * stored value that does not match the schema is replaced, if it is still stored when the load ends.
   */
  readonly getOrSet: <E, R>(
    key: K,
    load: Effect.Effect<A, E, R>,
    options?: PutOptions
  ) => Effect.Effect<A, E | ReadError | WriteError, Exclude<R, Scope.Scope> | RD | RE>
}

type Of<S extends Schema.Constraint, K> = Collection<S["Type"], K, S["DecodingServices"], S["EncodingServices"]>

/**
 * Makes a typed collection of the `KeyValue` in the context.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Collection } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const visits = yield* Collection.make({ collection: "visits", schema: Schema.Date, ttl: "1 day" })
 *   yield* visits.put("alice", new Date())
 *   return yield* visits.get("alice") // Option<Date>
 * })
 * ```
 *
 * @since 0.1.0
 */
export const make = <S extends Schema.Constraint, K = string>(
  options: Options<S, K> & { readonly collection: string }
): Effect.Effect<Of<S, K>, never, KeyValue.KeyValue> =>
  KeyValue.KeyValue.useSync((kv) => over(kv, options.collection, options))

/**
 * The class of a collection: the key of its service, with a `layer` that makes the service from a `KeyValue`.
 *
 * @since 0.1.0
 */
export interface ServiceClass<Self, Id extends string, S extends Schema.Constraint, K>
  extends Context.ServiceClass<Self, `effect-kv/Collection/${Id}#${number}`, Of<S, K>> {
  readonly layer: Layer.Layer<Self, never, KeyValue.KeyValue>
}

/**
 * Declares a collection as a service.
 *
 * **Details**
 *
 * The id is the name of the service in Effect's messages about missing services. It is also the collection's name in the
 * store, unless you set `collection`. Set `collection` if two services of a program have the same collection in different
 * stores. Give them different ids then, such as `"billing/Users"`.
 *
 * Each declaration is a separate service, even if another one has the same id. Each uses the store that its own layer gets.
 *
 * **Gotchas**
 *
 * Declare a service once, at the top level of a module. If a function declares it and is called twice, there are two
 * services, and the layer of the first does not provide the second.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer, Schema } from "effect"
 * import { Collection, Memory } from "effect-kv"
 *
 * const User = Schema.Struct({ name: Schema.String, born: Schema.Date })
 *
 * class Users extends Collection.Service<Users>()("users", { schema: User, ttl: "1 day" }) {}
 *
 * const program = Effect.gen(function* () {
 *   const users = yield* Users
 *   yield* users.put("alice", { name: "Alice", born: new Date(0) })
 *   return yield* users.getOrFail("alice")
 * })
 *
 * program.pipe(Effect.provide(Users.layer.pipe(Layer.provide(Memory.layer()))))
 * ```
 *
 * @since 0.1.0
 */
export const Service =
  <Self>() =>
  <const Id extends string, S extends Schema.Constraint, K = string>(
    id: Id,
    options: ServiceOptions<S, K>
  ): ServiceClass<Self, Id, S, K> => {
    declared++
    const key = Context.Service<Self, Of<S, K>>()(`effect-kv/Collection/${id}#${declared}`)
    const layer = Layer.effect(key, make({ ...options, collection: options.collection ?? id }))
    return Object.assign(key, { layer })
  }

/** The number of declared services. It makes their keys unique: the context identifies a service by its key string. */
let declared = 0

const over = <S extends Schema.Constraint, K>(
  kv: KeyValue.Service,
  collection: string,
  options: Options<S, K>
): Of<S, K> => {
  type A = S["Type"]
  const at = { collection }
  const { encodeKey, encodeKeys, encodePairs, decode, decodeStrictly } = collectionCodec(collection, options)
  const putAt = (put: PutOptions | undefined) => ({ ...at, ttl: put?.ttl ?? options.ttl })

  const get = (operation: Operation, key: string) =>
    Effect.flatMap(kv.get(key, at), (value) => decode(operation, key, value))
  const ttl = (operation: Operation, key: string, found: ValueWithTtl | undefined) =>
    Effect.map(
      decode(operation, key, found?.value),
      Option.map((value) => ({ value, ttl: found?.ttl }))
    )
  const pairs = (operation: Operation, entries: ReadonlyArray<readonly [K, A]>) =>
    Effect.suspend(() => encodePairs(operation, entries))
  const keysOf = (operation: Operation, keys: ReadonlyArray<K>) => Effect.suspend(() => encodeKeys(operation, keys))
  const getMany = Effect.fnUntraced(function* (keys: ReadonlyArray<K>) {
    const names = yield* keysOf("getMany", keys)
    const values = yield* kv.getMany(names, at)
    return yield* Effect.forEach(values, (value, i) => decode("getMany", names[i]!, value))
  })
  const ttlMany = Effect.fnUntraced(function* (keys: ReadonlyArray<K>) {
    const names = yield* keysOf("ttlMany", keys)
    const found = yield* kv.ttlMany(names, at)
    return yield* Effect.forEach(found, (found, i) => ttl("ttlMany", names[i]!, found))
  })
  const isUsable = (key: string) =>
    options.onInvalid === "miss" ? (value: Value) => Effect.map(decode("get", key, value), Option.isSome) : undefined
  const getOption = (key: K) => Effect.flatMap(encodeKey("get", key), (key) => get("get", key))

  const made: Of<S, K> = {
    collection,
    get: getOption,
    getOrFail: Effect.fnUntraced(function* (key) {
      const name = yield* encodeKey("get", key)
      const found = yield* get("get", name)
      if (Option.isSome(found)) return found.value
      return yield* new MissingKeyError({ operation: "get", collection, keys: [name], key: name })
    }),
    getOrElse: (key, orElse) => Effect.map(getOption(key), Option.getOrElse(orElse)),
    getMany: (keys) => withItems(keys, getMany),
    ttl: Effect.fnUntraced(function* (key) {
      const name = yield* encodeKey("ttl", key)
      return yield* ttl("ttl", name, yield* kv.ttl(name, at))
    }),
    ttlMany: (keys) => withItems(keys, ttlMany),
    put: (key, value, options) =>
      Effect.flatMap(pairs("put", [[key, value]]), ([pair]) => kv.put(pair![0], pair![1], putAt(options))),
    putMany: (entries, options) =>
      withItems(entries, (entries) =>
        Effect.flatMap(pairs("putMany", entries), (pairs) => kv.putMany(pairs, putAt(options)))
      ),
    delete: (key) => Effect.flatMap(encodeKey("delete", key), (key) => kv.delete(key, at)),
    deleteMany: (keys) =>
      withItems(keys, (keys) => Effect.flatMap(keysOf("deleteMany", keys), (keys) => kv.deleteMany(keys, at))),
    getOrSet: Effect.fnUntraced(function* (key, load, options) {
      const name = yield* encodeKey("get", key)
      const encoded = Effect.flatMap(load, (value) => Effect.map(pairs("put", [[key, value]]), ([pair]) => pair![1]))
      const { ttl } = putAt(options)
      const value = yield* withPlace(kv.driver, "get", [name], at, (place) =>
        getOrLoad(kv.driver, place, { load: encoded, ttl, isUsable: isUsable(name) })
      )
      return yield* decodeStrictly("get", name, value)
    })
  }
  return withReading(made, { kv, encodeKey, decode })
}
