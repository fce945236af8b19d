/**
 * Combines reads of single keys, by any number of fibers, into one `getMany`. This is what other ecosystems call a data loader.
 *
 * @since 0.2.0
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as RequestResolver from "effect/RequestResolver"
import { Get, resolverOf } from "./batching/resolver.ts"
import type { Collection } from "./Collection.ts"
import { readingOf } from "./collection/reading.ts"
import { withPlace } from "./driver/boundary.ts"
import * as options from "./driver/options.ts"
import { type InCollection, KeyValue, type Service } from "./KeyValue.ts"
import type { ReadError, StoreSetupError } from "./KeyValueError.ts"
import { withinBudget } from "./time/budget.ts"
import { copy, type Value } from "./Value.ts"

export { Get } from "./batching/resolver.ts"

/**
 * Options of {@link resolver}.
 *
 * @since 0.2.0
 */
export interface Options {
  /** Maximum number of requests per batch. A batch that is full is read at once. Default: 1,000. */
  readonly maxBatchSize?: number | undefined
}

/**
 * The resolver of a read.
 *
 * @since 0.2.0
 */
export interface WithResolver {
  /** A resolver of the same store, made with {@link resolver}. Default: one with the default options, shared by all reads. */
  readonly resolver?: RequestResolver.RequestResolver<Get> | undefined
}

/**
 * Makes a resolver for {@link Get} requests, which reads the requests of one turn and one collection with one `getMany`.
 *
 * **When to use**
 *
 * Use it to change how batches are made, with the functions of `RequestResolver`: `setDelay`, `batchN`, `around`,
 * `withSpan`, `withCache`. Otherwise, {@link get} and {@link getFrom} need no resolver of your own.
 *
 * **Details**
 *
 * - A key that several requests name is read once. Each request gets its own copy of the value.
 * - A damaged entry (`DeserializationError`, `DecryptionError`, `DecompressionError`) fails only the requests of its key.
 *   The other keys of the batch are read again: `k` damaged entries of `n` take `O(k log n)` calls.
 * - If the store fails, all requests of the batch fail. Their errors contain only their own key.
 * - If a fiber is interrupted before its batch is read, its key is left out. A batch that is being read goes on, for the
 *   other fibers. It does not have the time budget of any of them (`Deadline.within`).
 * - A batch runs with the context of the fiber that began it. Its spans belong to that fiber's trace.
 * - Requests of the host share a batch only if they may share work: see `Requests`.
 *
 * **Errors**
 *
 * Fails with `StoreSetupError` if `maxBatchSize` is not a whole number of at least 1.
 *
 * **Gotchas**
 *
 * - `Effect.request` waits for a batch without a limit. {@link get} and {@link getFrom} wait no longer than the time budget of
 *   the fiber.
 * - With `RequestResolver.withCache`, requests share one value by reference, also after a write. {@link get} and
 *   {@link getFrom} copy it.
 *
 * **Example** (Batches that wait a millisecond for more requests)
 *
 * ```ts
 * import { Effect, RequestResolver } from "effect"
 * import { Batching } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const resolver = RequestResolver.setDelay(yield* Batching.resolver({ maxBatchSize: 100 }), "1 millis")
 *   const read = (key: string) => Batching.get(key, { collection: "users", resolver })
 *   return yield* Effect.forEach(["alice", "bob"], read, { concurrency: "unbounded" })
 * })
 * ```
 *
 * @since 0.2.0
 */
export const resolver = (
  config: Options = {}
): Effect.Effect<RequestResolver.RequestResolver<Get>, StoreSetupError, KeyValue> =>
  Effect.flatMap(described.read(config), ({ maxBatchSize }) => KeyValue.useSync((kv) => resolverOf(kv, maxBatchSize)))

/** @internal */
export const described = options.of<Options>()("Batching", {
  maxBatchSize: options.integer({ min: 1, default: 1000 })
})

/**
 * Returns the value of a key, like `KeyValue.get`. Reads of other fibers in the same turn share one `getMany` with it.
 *
 * **When to use**
 *
 * Use it where many fibers read single keys at the same time: resolvers of GraphQL fields, handlers of concurrent HTTP
 * requests, `Effect.forEach` with `concurrency`. It works on every store. A store that is asked over a network gains the
 * most. `Redis.layer({ coalesceReads: true })` does the same below all wrappers, and for Redis only.
 *
 * **Details**
 *
 * A read waits until the other fibers of the turn have run, so it takes a little longer than `KeyValue.get`. For the
 * wrappers of the stack, a batch is one call: it takes one place in a `Bulkhead`, and is retried as a whole. See
 * {@link resolver} for duplicates, failures and interruption.
 *
 * **Errors**
 *
 * Fails with `TimeoutError` if the time budget of the fiber (`Deadline.within`) ends before the batch does.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Batching, Memory } from "effect-kv"
 *
 * // One call to the store, with two keys.
 * const program = Effect.forEach(["alice", "bob", "alice"], (key) => Batching.get(key, { collection: "users" }), {
 *   concurrency: "unbounded"
 * })
 *
 * program.pipe(Effect.provide(Memory.layer()))
 * ```
 *
 * @since 0.2.0
 */
export const get = (
  key: string,
  options?: InCollection & WithResolver
): Effect.Effect<Value | undefined, ReadError, KeyValue> =>
  KeyValue.use((kv) => read(kv, key, options?.collection, options))

/**
 * Returns the value of a key of a typed collection, like `get` of the collection. Reads of other fibers in the same turn
 * share one `getMany` with it.
 *
 * **Details**
 *
 * A value that does not match the schema fails only its own read. Reads of one collection through {@link get} and through
 * several typed collections of the same store share a batch. A collection that `Collection.make` and `Collection.Service`
 * did not make, such as a mock, is read without a batch.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Batching, Collection } from "effect-kv"
 *
 * class Users extends Collection.Service<Users>()("users", { schema: Schema.Struct({ name: Schema.String }) }) {}
 *
 * const nameOf = (id: string) =>
 *   Users.use((users) => Batching.getFrom(users, id)).pipe(
 *     Effect.flatMap(Effect.fromOption),
 *     Effect.map(({ name }) => name)
 *   )
 *
 * // One call to the store.
 * const names = Effect.forEach(["alice", "bob"], nameOf, { concurrency: "unbounded" })
 * ```
 *
 * @since 0.2.0
 */
export const getFrom = <A, K, RD, RE>(
  collection: Collection<A, K, RD, RE>,
  key: K,
  options?: WithResolver
): Effect.Effect<Option.Option<A>, ReadError, RD> =>
  Effect.suspend(() => {
    const reading = readingOf<A, K, RD>(collection)
    if (reading === undefined) return collection.get(key)
    const { kv, encodeKey, decode } = reading
    return Effect.flatMap(encodeKey("get", key), (name) =>
      Effect.flatMap(read(kv, name, collection.collection, options), (value) => decode("get", name, value))
    )
  })

const read = (kv: Service, key: string, collection: string | undefined, options: WithResolver | undefined) =>
  withPlace(kv.driver, "get", [key], { collection }, (place) => {
    const request = new Get({ key, collection: place.collection })
    const { resolver } = options ?? {}
    if (resolver === undefined) return withinBudget(Effect.request(request, defaultOf(kv)), place)
    // The resolver may be a cache, whose value must not be changed through a reference.
    const shared = Effect.map(Effect.request(request, resolver), (value) => value && copy(value))
    return withinBudget(shared, place)
  })

const defaults = new WeakMap<Service, RequestResolver.RequestResolver<Get>>()

/** The resolver of all reads through a service that have no resolver of their own. */
const defaultOf = (kv: Service): RequestResolver.RequestResolver<Get> => {
  let resolver = defaults.get(kv)
  if (resolver === undefined) defaults.set(kv, (resolver = resolverOf(kv, 1000)))
  return resolver
}
