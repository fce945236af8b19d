/**
 * Presets that apply several wrappers in the right order.
 *
 * **Details**
 *
 * A stack transforms a layer like a single wrapper. It is only a `pipe` of wrappers: use it directly, or as an example for
 * your own.
 *
 * **Gotchas**
 *
 * The outermost wrappers of each stack measure. They do not see what happens in wrappers outside the stack, such as the
 * rejections of a circuit breaker or the hits of a cache. Add policies and caches with the options of the stack, which put
 * each wrapper in the right place.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import { flow, identity } from "effect/Function"
import type * as Layer from "effect/Layer"
import type { Envelope } from "./codecs/envelope.ts"
import type { Wrapper } from "./Driver.ts"
import type { KeyValue } from "./KeyValue.ts"
import type { StoreSetupError } from "./KeyValueError.ts"
import type { Maintenance } from "./Maintenance.ts"
import * as Aead from "./wrappers/Aead.ts"
import * as Bulkhead from "./wrappers/Bulkhead.ts"
import * as CircuitBreaker from "./wrappers/CircuitBreaker.ts"
import * as Compression from "./wrappers/Compression.ts"
import * as Deadline from "./wrappers/Deadline.ts"
import * as FernetEncryption from "./wrappers/FernetEncryption.ts"
import * as Hedge from "./wrappers/Hedge.ts"
import * as LimitSize from "./wrappers/LimitSize.ts"
import * as Logging from "./wrappers/Logging.ts"
import * as PassthroughCache from "./wrappers/PassthroughCache.ts"
import * as PrefixCollections from "./wrappers/PrefixCollections.ts"
import * as RateLimit from "./wrappers/RateLimit.ts"
import * as Retry from "./wrappers/Retry.ts"
import * as Statistics from "./wrappers/Statistics.ts"
import * as Timeout from "./wrappers/Timeout.ts"
import * as Tracing from "./wrappers/Tracing.ts"

/**
 * Transforms a layer, and adds `Statistics` to it. `E2` and `R2` are the errors and requirements of the layer of the cache.
 *
 * @since 0.1.0
 */
export type Stack<E2 = never, R2 = never> = <A, E, R>(
  store: Layer.Layer<A | KeyValue, E, R>
) => Layer.Layer<A | KeyValue | Statistics.Statistics, E | E2 | StoreSetupError, R | R2>

/**
 * The layer of a cache.
 *
 * @since 0.1.0
 */
export type CacheLayer = Layer.Layer<KeyValue | Maintenance, any, any>

/**
 * Options of all stacks.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Name of the store in logs, metrics and spans. Default: none. */
  readonly store?: string | undefined
}

/**
 * Options of {@link production}.
 *
 * @since 0.1.0
 */
export type ProductionOptions<Cache extends CacheLayer = never> = Encryption & ProductionPolicies<Cache>

/**
 * How {@link production} encrypts: with `Aead`, or with Fernet, which py-key-value reads.
 *
 * @since 0.1.0
 */
export type Encryption =
  | {
      /** Options of `Aead`. Either `aead` or `encryption` is required. Default: none. */
      readonly aead: Aead.Options
      readonly encryption?: undefined
      readonly envelope?: undefined
    }
  | {
      /** Options of `FernetEncryption`. Either `aead` or `encryption` is required. Default: none. */
      readonly encryption: FernetEncryption.Options
      readonly aead?: undefined
      /**
       * How values are stored: as `"json"`, which py-key-value reads, or as `"binary"`, which takes less than half the
       * space. Both forms can always be read. Default: `"binary"`.
       */
      readonly envelope?: Envelope | undefined
    }

/**
 * Options for limits and a cache. A wrapper is included only if its option is given. `{}` uses the defaults of the wrapper.
 *
 * @since 0.1.0
 */
export interface Limits<Cache extends CacheLayer = never> extends Options {
  /** Limits how many calls run at a time. Default: none. */
  readonly bulkhead?: Bulkhead.Options | undefined
  /** Limits how many calls may start per time window. Default: none. */
  readonly rateLimit?: RateLimit.Options | undefined
  /** Limit on an operation, including all its attempts, pauses and queues. Default: none. */
  readonly deadline?: Duration.Input | undefined
  /** Adds a cache, which needs a layer of its own. Default: none. */
  readonly cache?: PassthroughCache.Options<Cache> | undefined
}

/**
 * Options of {@link production} other than those of encryption.
 *
 * @since 0.1.0
 */
export interface ProductionPolicies<Cache extends CacheLayer = never> extends Limits<Cache> {
  /** Limit on each attempt. Default: 5 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** Sends a second attempt for slow reads. Default: none. */
  readonly hedge?: Hedge.Options | undefined
  /** Options of `Retry`. Default: the defaults of `Retry`. */
  readonly retry?: Retry.Options | undefined
  /** Fails calls at once while the store is down. Default: none. */
  readonly circuitBreaker?: CircuitBreaker.Options | undefined
  /** Options of `Compression`. Default: the defaults of `Compression`, with the `envelope` of the stack. */
  readonly compression?: Compression.Options | undefined
  /** Limits the size of values, before they are compressed. Default: none. */
  readonly limitSize?: LimitSize.Options | undefined
}

/**
 * Options of {@link multiTenant}.
 *
 * @since 0.1.0
 */
export interface MultiTenantOptions<Cache extends CacheLayer = never> extends Limits<Cache> {
  /** Name of the tenant, the prefix of its collections. */
  readonly tenant: string
  /** Limits the size of values. Default: `{ maxSize: "1 MiB" }`. */
  readonly limitSize?: LimitSize.Options | undefined
}

/**
 * Adds log lines at level `Debug`, spans, metrics and statistics. Nothing else changes.
 *
 * **When to use**
 *
 * Use it as the outermost part of your own stack.
 *
 * **Details**
 *
 * store → Logging → Tracing → Statistics
 *
 * Statistics is outermost, so it measures the time that callers wait.
 *
 * @since 0.1.0
 */
export const monitoring =
  (options: Options = {}): Stack =>
  (store) =>
    store.pipe(
      Logging.wrap({ store: options.store, level: "Debug" }),
      Tracing.wrap({ store: options.store }),
      Statistics.wrap({ store: options.store })
    )

/**
 * Limits each attempt, retries failures, encrypts and compresses values, and measures all of this.
 *
 * **When to use**
 *
 * Use it for a store that is reached over a network.
 *
 * **Details**
 *
 * store → Timeout → *Hedge* → Retry → *CircuitBreaker* → *Bulkhead* → *RateLimit* → *Deadline* → FernetEncryption or Aead →
 * Compression → *LimitSize* → *PassthroughCache* → Tracing → Statistics
 *
 * The wrappers in italics are included only if their options are given. The reasons for this order:
 *
 * - Timeout and Hedge apply to each attempt, so they are inside Retry.
 * - The circuit breaker counts operations that failed after all their attempts. A call that it rejects leaves the bulkhead
 *   at once. A call that waits for the rate limit holds no place in the bulkhead. The deadline includes all of this.
 * - Encryption and Compression are outside Retry, so a value is compressed and encrypted once, for all attempts. Compression
 *   is outside encryption, because encrypted data does not compress. LimitSize checks the value before both.
 * - A cache hit skips all of this. The cache holds values unencrypted, unless its own layer encrypts them.
 * - Tracing and Statistics see every operation: rejections and timeouts by their error, cache hits as hits. To tell these
 *   apart, use the metrics `effect_kv.cache` (by `cache.result`), `effect_kv.retry.retries`,
 *   `effect_kv.circuit_breaker.rejected`, `effect_kv.bulkhead.rejected`, `effect_kv.rate_limit.rejected` and
 *   `effect_kv.deadline.exceeded`, under the name of the `store`.
 *
 * Encrypted and compressed values are stored as bytes without base64. For py-key-value, set `envelope: "json"`. Apply the
 * stack to a `Fallback` or `Replicate`, not the other way around, and give each of their stores its own `Timeout`.
 *
 * **Example**
 *
 * ```ts
 * import { Redacted } from "effect"
 * import { Memory, Stack } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * declare const key: string
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Stack.production({
 *     store: "sessions",
 *     encryption: { keys: [Redacted.make(key)] },
 *     circuitBreaker: { openFor: "10 seconds" },
 *     deadline: "2 seconds",
 *     cache: { cache: Memory.layer({ maxEntries: 10_000 }), maxTtl: "1 minute" }
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const production =
  <Cache extends CacheLayer = never>(
    options: ProductionOptions<Cache>
  ): Stack<Layer.Error<Cache>, Layer.Services<Cache>> =>
  (store) => {
    const { envelope = "binary", store: name } = options
    return store.pipe(
      Timeout.wrap(options.timeout),
      given(options.hedge, (hedge) => Hedge.wrap({ store: name, ...hedge })),
      Retry.wrap({ store: name, ...options.retry }),
      given(options.circuitBreaker, (circuitBreaker) => CircuitBreaker.wrap({ store: name, ...circuitBreaker })),
      limits(options),
      options.aead === undefined
        ? FernetEncryption.wrap({ ...options.encryption, envelope: options.encryption.envelope ?? envelope })
        : Aead.wrap(options.aead),
      Compression.wrap({ ...options.compression, envelope: options.compression?.envelope ?? envelope }),
      given(options.limitSize, LimitSize.wrap),
      cached(options),
      Tracing.wrap({ store: name }),
      Statistics.wrap({ store: name })
    )
  }

/** Applies a wrapper only if its options are given. */
const given = <Given, E, R>(
  options: Given | undefined,
  wrap: (options: Given) => Wrapper<never, E, R>
): Wrapper<never, E, R> => (options === undefined ? identity : wrap(options))

/** store → Bulkhead → RateLimit → Deadline */
const limits = ({ store: name, bulkhead, rateLimit, deadline }: Limits<any>): Wrapper<never, StoreSetupError> =>
  flow(
    given(bulkhead, (bulkhead) => Bulkhead.wrap({ store: name, ...bulkhead })),
    given(rateLimit, (rateLimit) => RateLimit.wrap({ store: name, ...rateLimit })),
    given(deadline, (deadline) => Deadline.wrap(deadline, { store: name }))
  )

const cached = <Cache extends CacheLayer>({
  store,
  cache
}: Limits<Cache>): Wrapper<never, StoreSetupError | Layer.Error<Cache>, Layer.Services<Cache>> =>
  given(cache, (cache) => PassthroughCache.wrap({ store, ...cache }))

/**
 * Logs every operation with its values, and limits each operation to 5 seconds.
 *
 * **When to use**
 *
 * Use it during development.
 *
 * **Details**
 *
 * store → Timeout (5 seconds) → Logging (with values and start lines) → Statistics
 *
 * Logging is outside Timeout, so it logs timeouts, too.
 *
 * **Gotchas**
 *
 * It logs values. Do not use it with personal data or secrets.
 *
 * @since 0.1.0
 */
export const development =
  (options: Options = {}): Stack =>
  (store) =>
    store.pipe(
      Timeout.wrap(),
      Logging.wrap({ store: options.store, logStart: true, logValues: true }),
      Statistics.wrap({ store: options.store })
    )

/**
 * Gives one tenant of a shared store its own collections and statistics, and limits the size of its values.
 *
 * **Details**
 *
 * store → PrefixCollections → *Bulkhead* → *RateLimit* → *Deadline* → LimitSize → *PassthroughCache* → Statistics (named after
 * the tenant, unless `store` is given)
 *
 * The wrappers in italics are included only if their options are given. Each tenant has its own limits, so that one tenant
 * cannot use up the store. Cache hits and rejected values do not count toward the bulkhead, the rate limit and the deadline.
 * Statistics counts every operation of the tenant, whatever its result.
 *
 * Apply it once per tenant to the same layer, which is then built only once. Put `Timeout`, `Retry` or all of `production`
 * inside, where the tenants share them.
 *
 * @since 0.1.0
 */
export const multiTenant =
  <Cache extends CacheLayer = never>(
    options: MultiTenantOptions<Cache>
  ): Stack<Layer.Error<Cache>, Layer.Services<Cache>> =>
  (store) => {
    const named = { ...options, store: options.store ?? options.tenant }
    return store.pipe(
      PrefixCollections.wrap(options.tenant),
      limits(named),
      LimitSize.wrap(options.limitSize ?? { maxSize: "1 MiB" }),
      cached(named),
      Statistics.wrap({ store: named.store })
    )
  }
