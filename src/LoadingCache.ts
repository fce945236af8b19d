/**
 * A cache that looks missing values up: typed, shared by processes, and no reason for an outage when its store is down.
 *
 * @since 0.2.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Atomic } from "./Atomic.ts"
import type { Description } from "./driver/options.ts"
import * as options from "./driver/options.ts"
import type * as KeyValue from "./KeyValue.ts"
import type {
  DeserializationError,
  InvalidKeyError,
  ReadError,
  SerializationError,
  StoreSetupError,
  StoreUnavailableError,
  TimeoutError,
  WriteError
} from "./KeyValueError.ts"
import { build } from "./loadingCache/build.ts"

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
   * returns `undefined` is not cached.
   */
  readonly ttl: Duration.Input | ((error: E["Type"]) => Duration.Input | undefined)
}

/**
 * A part of a TTL.
 *
 * @since 0.2.0
 */
export interface Fraction {
  /** Number between 0 and 1: `0.2` is the last fifth of the TTL. */
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
   * process dies, another one goes on after this time. Lookups of `lookupMany` have no lease. Default: none.
   */
  readonly lease?: L | undefined
  /** Fraction by which TTLs are shortened at random, so that entries do not end together. Default: 0. */
  readonly jitter?: number | undefined
  /** Function that returns the tags of a value, for `invalidateTags`. Default: no tags. */
  readonly tags?: ((value: S["Type"], key: K) => Iterable<string>) | undefined
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

/**
 * The errors of {@link LoadingCache.get}. `E` are those of the lookup. `S` are those of the store, with
 * `onStoreFailure: "fail"`.
 *
 * **Details**
 *
 * - `TimeoutError`: the lookup took longer than `hardTimeout` or the caller's time budget, and nothing stale was there.
 * - `InvalidKeyError`: a key or a tag is not valid.
 * - `SerializationError`, `DeserializationError`: the lookup returned a value that does not match the schema.
 * - `StoreUnavailableError`: the layer is closed.
 *
 * @since 0.2.0
 */
export type GetError<E, S = never> =
  | E
  | S
  | TimeoutError
  | InvalidKeyError
  | SerializationError
  | DeserializationError
  | StoreUnavailableError

/**
 * The errors of {@link LoadingCache.set}.
 *
 * @since 0.2.0
 */
export type SetError = ReadError | WriteError

/**
 * A cache of values of type `A` under keys of type `K`. `E` are the errors of the lookup, and `S` those of the store that
 * `get` fails with.
 *
 * @since 0.2.0
 */
export interface LoadingCache<A, K = string, E = never, S = never> {
  /** The collection's name in the store. */
  readonly collection: string

  /**
   * Returns the value of a key: from the store if it is fresh, from a lookup otherwise.
   *
   * **Details**
   *
   * - Callers that ask for a key at the same time share one lookup. The lookup goes on when they have left, and its value is
   *   stored.
   * - A stale value (older than `ttl`, but not older than `ttl` and `staleFor`) is returned at once, and a lookup runs in the
   *   background. With `softTimeout`, the caller waits for that lookup, but not longer.
   * - If a lookup fails, the caller gets the stale value if there is one, and the lookup's error otherwise.
   * - If the store fails, the lookup runs, unless `onStoreFailure` is `"fail"`.
   *
   * **Gotchas**
   *
   * If a lookup gets its own key from the cache, directly or through other lookups, the call dies with a defect.
   */
  readonly get: (key: K) => Effect.Effect<A, GetError<E, S>>

  /**
   * Returns the values of several keys, in the order of the keys. Fails with the error of the first key that has one.
   *
   * **Details**
   *
   * Takes one read of the store and one call of `lookupMany` for all keys that are missing. Without `lookupMany`, up to
   * `maxConcurrentLookups` lookups run at a time.
   */
  readonly getMany: (keys: Iterable<K>) => Effect.Effect<ReadonlyArray<A>, GetError<E, S>>

  /** Like `getMany`, with a result for each key, so that an error of one key does not hide the values of the others. */
  readonly getManyResults: (
    keys: Iterable<K>
  ) => Effect.Effect<ReadonlyArray<Result.Result<A, GetError<E>>>, GetError<never, S>>

  /** Returns the value of a key if it is stored and fresh. Never runs a lookup. Fails if the store fails. */
  readonly peek: (key: K) => Effect.Effect<Option.Option<A>, ReadError>

  /** Stores a value. Lookups of the key that are under way do not overwrite it. */
  readonly set: (key: K, value: A) => Effect.Effect<void, SetError>

  /** Runs a lookup that begins now, stores its value and returns it. Fails if the lookup fails, even if a value is stored. */
  readonly refresh: (key: K) => Effect.Effect<A, GetError<E>>

  /**
   * Makes the value of a key missing. Lookups that are under way do not store their values.
   *
   * **Gotchas**
   *
   * If it fails, the old value may still be returned: try again. In a store without `Atomic`, a lookup of another process
   * that ends at the very moment of the invalidation can overwrite it.
   */
  readonly invalidate: (key: K) => Effect.Effect<void, WriteError>

  /** Makes the values of several keys missing, by one write. */
  readonly invalidateMany: (keys: Iterable<K>) => Effect.Effect<void, WriteError>

  /** Makes the values that have one of these tags missing, however many there are, by one write for each tag and another. */
  readonly invalidateTags: (tags: Iterable<string>) => Effect.Effect<void, WriteError>

  /** Makes all values of the collection missing, by one write. */
  readonly invalidateAll: Effect.Effect<void, WriteError>
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
 * Fails with `StoreSetupError` when an option is not valid. Lookups in the background end with the scope.
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
  readonly layer: Layer.Layer<Self, StoreSetupError, KeyValue.KeyValue | R>
}

/**
 * Declares a cache as a service.
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
    const layer = Layer.effect(key, make({ ...options, collection: options.collection ?? id }))
    return Object.assign(key, { layer })
  }

/** The number of declared services. It makes their keys unique: the context identifies a service by its key string. */
let declared = 0

const schema = options.value<any>("a schema", Schema.isSchema)

/** No store can keep a time after the year 9999. */
const withinStores = (millis: number): number =>
  millis === Number.POSITIVE_INFINITY ? millis : Math.min(millis, 1000 * 365 * 86_400_000)

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
    refreshAhead: options.union(
      Predicate.isObject,
      options.group<Fraction>()({
        fraction: options.required(options.number({ above: 0, below: 1 }))
      }),
      options.duration({ otherwise: "none" })
    ),
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
  ({ collection, lease, softTimeout, hardTimeout, staleFor }) => {
    if (collection === undefined) return "collection is required"
    if (lease !== undefined && lease < 100) return "lease must be at least 100 milliseconds"
    if (softTimeout !== undefined && staleFor === 0) return "softTimeout needs staleFor"
    return softTimeout !== undefined && softTimeout > hardTimeout
      ? "softTimeout must not be more than hardTimeout"
      : undefined
  }
)
