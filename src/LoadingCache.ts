/**
 * A cache that loads missing values by a lookup. Values have a schema, several processes can share them, and the cache still
 * answers when its store is down.
 *
 * @since 0.2.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Atomic } from "./Atomic.ts"
import { layerByDriver } from "./driver/layerByDriver.ts"
import type { Description } from "./driver/options.ts"
import * as options from "./driver/options.ts"
import { withinStores } from "./driver/ttl.ts"
import * as KeyValue from "./KeyValue.ts"
import type { ReadError, StoreSetupError } from "./KeyValueError.ts"
import { tooShort } from "./lease/shortest.ts"
import { build } from "./loadingCache/build.ts"
import type { LoadingCache, Several } from "./loadingCache/Service.ts"

export type { GetError, LoadingCache, SetError, Several } from "./loadingCache/Service.ts"

/**
 * Errors of lookups that are cached.
 *
 * @since 0.2.0
 */
export interface CacheErrors<E extends Schema.Constraint> {
  /** Schema of the errors that are cached. An error that does not match the schema is not cached. */
  readonly schema: E
  /**
   * How long an error is returned without another lookup, or a function that returns it. An error for which the function
   * returns `undefined` or 0 is not cached.
   */
  readonly ttl: Duration.Input | ((error: E["Type"]) => Duration.Input | undefined)
}

/**
 * A part of a TTL.
 *
 * @since 0.2.0
 */
export interface Fraction {
  /** Fraction of the TTL, above 0 and below 1: 0.2 is the last fifth. */
  readonly fraction: number
}

/**
 * Options of {@link make} and {@link Service}.
 *
 * @since 0.2.0
 */
export interface Options<
  S extends Schema.Constraint,
  K,
  E,
  R,
  CE extends Schema.Constraint = Schema.Never,
  F extends "lookup" | "fail" = "lookup",
  L extends Duration.Input = never
> {
  /** Name of the collection in the store. Default: the id of the service. */
  readonly collection?: string | undefined
  /** Schema of the values. Values are stored as JSON (`Schema.toCodecJson`), so dates, classes and options work. */
  readonly schema: S
  /** Codec for keys that are not strings. Default: none. */
  readonly key?: Schema.Codec<K, string> | undefined
  /** Function that returns the value of a key from its source, such as a database. */
  readonly lookup: (key: K) => Effect.Effect<S["Type"], E, R>
  /**
   * Function that returns the values of several keys at once, as pairs or as a `Map`. `lookup` is asked for the keys that
   * it leaves out. Default: `lookup` is asked for each key.
   */
  readonly lookupMany?:
    | ((keys: ReadonlyArray<K>) => Effect.Effect<Iterable<readonly [key: K, value: S["Type"]]>, E, R>)
    | undefined
  /**
   * How long a value is fresh, or a function that returns it. The time begins when the lookup ends. A value for which the
   * function returns 0 is not cached.
   */
  readonly ttl: Duration.Input | ((value: S["Type"], key: K) => Duration.Input)
  /**
   * How long after its TTL a value may still be returned, while a lookup runs or when it fails. Default: 0.
   */
  readonly staleFor?: Duration.Input | undefined
  /**
   * How long before the end of its TTL a value that is read is refreshed in the background: a duration, or
   * `{ fraction: 0.2 }` for the last fifth of the TTL. Default: none.
   */
  readonly refreshAhead?: Duration.Input | Fraction | undefined
  /**
   * How long a caller waits for the lookup of a stale value before it gets the stale value. Default: none, so that the
   * caller gets the stale value at once.
   */
  readonly softTimeout?: Duration.Input | undefined
  /** How long a caller waits for a lookup before it fails with `TimeoutError`. Default: no limit. */
  readonly hardTimeout?: Duration.Input | undefined
  /** How long each operation on the store may take. A slower one has failed. Default: 1 second. */
  readonly storeTimeout?: Duration.Input | undefined
  /**
   * TTL of the lease under which a key is looked up, so that one process at a time looks it up. Needs `Atomic`. If that
   * process dies, another one goes on after this time. A lookup waits for the lease for 5 minutes at most. Lookups of
   * `lookupMany` have no lease. Default: none.
   */
  readonly lease?: L | undefined
  /** Fraction by which TTLs are shortened at random, so that entries do not end together. Default: 0. */
  readonly jitter?: number | undefined
  /** Function that returns the tags of a value, for `invalidateTags`. Default: no tags. */
  readonly tags?: ((value: S["Type"], key: K) => Several<string>) | undefined
  /** Errors of lookups that are cached, such as `NotFound`. Default: none. */
  readonly cacheErrors?: CacheErrors<CE> | undefined
  /** What happens when the store cannot be read: the lookup runs, or the caller gets the error. Default: `"lookup"`. */
  readonly onStoreFailure?: F | undefined
  /**
   * How many lookups run at a time while the store cannot be read, and how many `lookup`s of one `getMany` run at a time.
   * Others wait. Default: 50.
   */
  readonly maxConcurrentLookups?: number | undefined
}

type Of<S extends Schema.Constraint, K, E, F> = LoadingCache<S["Type"], K, E, F extends "fail" ? ReadError : never>

type Needs<S extends Schema.Constraint, R, CE extends Schema.Constraint, L> =
  | ([L] extends [never] ? never : Atomic)
  | Exclude<R, Scope.Scope>
  | S["DecodingServices"]
  | S["EncodingServices"]
  | CE["DecodingServices"]
  | CE["EncodingServices"]

/**
 * Makes a cache over the `KeyValue` in the context.
 *
 * **Details**
 *
 * Lookups in the background are interrupted when the scope is closed. After that, every method fails with
 * `StoreUnavailableError`.
 *
 * **Errors**
 *
 * Fails with `StoreSetupError` when an option is not valid, and when `lease` is set and the store has no `Atomic`.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { LoadingCache } from "effect-kv"
 *
 * declare const rateOf: (currency: string) => Effect.Effect<number>
 *
 * const program = Effect.gen(function* () {
 *   const rates = yield* LoadingCache.make({
 *     collection: "rates",
 *     schema: Schema.Number,
 *     lookup: rateOf,
 *     ttl: "1 minute"
 *   })
 *   return yield* rates.get("EUR")
 * }).pipe(Effect.scoped)
 * ```
 *
 * @since 0.2.0
 */
export const make = <
  S extends Schema.Constraint,
  E,
  R,
  K = string,
  CE extends Schema.Constraint = Schema.Never,
  F extends "lookup" | "fail" = "lookup",
  L extends Duration.Input = never
>(
  config: Options<S, K, E, R, CE, F, L> & { readonly collection: string }
): Effect.Effect<Of<S, K, E, F>, StoreSetupError, KeyValue.KeyValue | Scope.Scope | Needs<S, R, CE, L>> =>
  Effect.flatMap(described.read(config as unknown as Loose), build) as never

type Loose = Options<any, any, any, any, any, any, any>

/**
 * The class of a cache: the key of its service, with a `layer` that makes the service.
 *
 * @since 0.2.0
 */
export interface ServiceClass<Self, Id extends string, Shape, R>
  extends Context.ServiceClass<Self, `effect-kv/LoadingCache/${Id}#${number}`, Shape> {
  /**
   * Makes the cache over the `KeyValue` in the context.
   *
   * **Details**
   *
   * A program builds it once for each store: all users of a store share one cache and its lookups, and two tenants with their
   * own stores never share one.
   *
   * **Gotchas**
   *
   * All users of one store get the services of the lookup from the first of them. If tenants have their own databases, give
   * them their own stores, such as `PrefixCollections` around a shared one.
   */
  readonly layer: Layer.Layer<Self, StoreSetupError, KeyValue.KeyValue | R>
}

/**
 * Declares a cache as a service.
 *
 * **When to use**
 *
 * Use it for values from a slow or unreliable source, such as a database or another service. For one value with a TTL,
 * `KeyValue.getOrSet` is simpler.
 *
 * **Details**
 *
 * - The `layer` needs a `KeyValue` and the services of the lookup, and with `lease` also `Atomic`. Callers need only the
 *   service itself.
 * - The id is the name of the service in Effect's messages about missing services, and the collection's name in the store,
 *   unless you set `collection`.
 * - No value is returned that is older than `ttl` and `staleFor` together, counted from the end of its lookup.
 * - Lookups run with the services that the layer was built with, each in a scope of its own. They have no deadline of a
 *   caller (`Deadline.within`), because callers share them.
 * - A read of the store takes one round trip for each 1,000 keys, or two after an invalidation of tags.
 *
 * **Errors**
 *
 * - `TimeoutError`: the lookup took longer than `hardTimeout` or the caller's time budget, and there was no stale
 *   value.
 * - `InvalidKeyError`: a key or a tag is not valid.
 * - `SerializationError`, `DeserializationError`: the lookup returned a value that does not match the schema.
 * - `StoreUnavailableError`: the layer is closed.
 * - The error of the lookup, if there is no stale value. With `onStoreFailure: "fail"`, also the errors of the store.
 *
 * The `layer` fails to build with `StoreSetupError` when an option is not valid.
 *
 * **Metrics**
 *
 * `effect_kv.loading_cache.keys` counts keys by how they were answered (`cache.result`).
 * `effect_kv.loading_cache.lookups` counts lookups, `effect_kv.loading_cache.lookup.duration` is their duration,
 * `effect_kv.loading_cache.refreshes` counts keys that were refreshed in the background, and
 * `effect_kv.loading_cache.store_failures` failures of the store. Each lookup is a span.
 *
 * **Gotchas**
 *
 * - Declare a service once, at the top level of a module. If a function declares it and is called twice, there are two
 *   services.
 * - Nothing else should write to the collection. An entry that no cache has written is missing.
 * - In a store without `Atomic`, an invalidation can be lost if a lookup of another process ends at the same moment, or if a
 *   wrapper retries the write and both attempts are applied.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer, Schema } from "effect"
 * import { LoadingCache, Memory } from "effect-kv"
 *
 * const Product = Schema.Struct({ name: Schema.String, brand: Schema.String })
 *
 * declare const find: (id: string) => Effect.Effect<typeof Product.Type, "missing">
 *
 * class Products extends LoadingCache.Service<Products>()("app/Products", {
 *   schema: Product,
 *   lookup: find,
 *   ttl: "10 minutes",
 *   staleFor: "1 day",
 *   tags: (product) => [`brand:${product.brand}`]
 * }) {}
 *
 * const program = Effect.gen(function* () {
 *   const products = yield* Products
 *   const product = yield* products.get("42")
 *   yield* products.invalidateTags(["brand:acme"])
 *   return product
 * })
 *
 * program.pipe(Effect.provide(Products.layer.pipe(Layer.provide(Memory.layer()))))
 * ```
 *
 * @since 0.2.0
 */
export const Service =
  <Self>() =>
  <
    const Id extends string,
    S extends Schema.Constraint,
    E,
    R,
    K = string,
    CE extends Schema.Constraint = Schema.Never,
    F extends "lookup" | "fail" = "lookup",
    L extends Duration.Input = never
  >(
    id: Id,
    options: Options<S, K, E, R, CE, F, L>
  ): ServiceClass<Self, Id, Of<S, K, E, F>, Needs<S, R, CE, L>> => {
    declared++
    const key = Context.Service<Self, Of<S, K, E, F>>()(`effect-kv/LoadingCache/${id}#${declared}`)
    const made = make({ ...options, collection: options.collection ?? id })
    const layer = layerByDriver(KeyValue.KeyValue, () => Layer.effect(key, made))
    return Object.assign(key, { layer })
  }

/** The number of declared services. It makes their keys unique: the context identifies a service by its key string. */
let declared = 0

const schema = options.value<any>("a schema", Schema.isSchema)

/** A TTL, or a function that returns it. */
const ttlOrFunction = <F extends (...args: never) => unknown>(): Description<
  Duration.Input | F,
  number | F | undefined
> => ({
  ...options.union((input) => typeof input === "function", options.callback<F>(), options.ttl({ infinite: true })),
  kind: "value"
})

/** @internal */
export const described = options.of<Loose>()(
  "LoadingCache",
  {
    collection: options.collection({ otherwise: "the id of the service" }),
    schema: options.required(schema),
    key: options.value("a codec from keys to strings", Schema.isSchema),
    lookup: options.required(options.callback<Loose["lookup"]>()),
    lookupMany: options.callback<NonNullable<Loose["lookupMany"]>>({ otherwise: "`lookup` is asked for each key" }),
    ttl: options.required(ttlOrFunction<Exclude<Loose["ttl"], Duration.Input>>()),
    staleFor: options.map(options.duration({ default: 0, zero: true, infinite: true }), withinStores),
    refreshAhead: options.ahead(),
    softTimeout: options.duration({ otherwise: "none, so that the caller gets the stale value at once" }),
    hardTimeout: options.duration({ default: Number.POSITIVE_INFINITY, infinite: true, otherwise: "no limit" }),
    storeTimeout: options.duration({ default: "1 second" }),
    lease: options.ttl({ otherwise: "none" }),
    jitter: options.number({ min: 0, below: 1, default: 0 }),
    tags: options.callback<NonNullable<Loose["tags"]>>({ otherwise: "no tags" }),
    cacheErrors: options.optional(
      options.group<NonNullable<Loose["cacheErrors"]>>()({
        schema: options.required(schema),
        ttl: options.required(ttlOrFunction<Exclude<CacheErrors<any>["ttl"], Duration.Input>>())
      })
    ),
    onStoreFailure: options.oneOf(["lookup", "fail"], { default: "lookup" }),
    maxConcurrentLookups: options.integer({ min: 1, default: 50 })
  },
  ({ collection, lease, softTimeout, hardTimeout, staleFor, refreshAhead }) => {
    if (collection === undefined) return "collection is required"
    if (softTimeout !== undefined && staleFor === 0) return "softTimeout needs staleFor"
    if (softTimeout !== undefined && softTimeout > hardTimeout) return "softTimeout must not be more than hardTimeout"
    return tooShort("lease", lease) ?? options.aheadProblem("refreshAhead", refreshAhead)
  }
)
