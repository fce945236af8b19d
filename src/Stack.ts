/**
 * Stacks that are known to work: wrappers in the right order, with defaults that suit a purpose.
 *
 * **Details**
 *
 * Each is a transformer of layers like a wrapper, and no more than a `pipe` of wrappers. Take one as it is, or read it
 * as an example and write your own.
 *
 * **Gotchas**
 *
 * The last wrappers of each stack are those that measure, since what is around them is invisible to them: a circuit breaker
 * outside would keep failures from being counted, a cache most reads. Ask for policies and caches by the options, which put
 * each in its place.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
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
 * A transformer of layers that adds `Statistics`, and what the layer of a cache may fail with (`E2`) and needs (`R2`).
 *
 * @since 0.1.0
 */
export type Stack<E2 = never, R2 = never> = <A, E, R>(
  store: Layer.Layer<A | KeyValue, E, R>
) => Layer.Layer<A | KeyValue | Statistics.Statistics, E | E2 | StoreSetupError, R | R2>

/**
 * The layer of a near store.
 *
 * @since 0.1.0
 */
export type Near = Layer.Layer<KeyValue | Maintenance, any, any>

/**
 * What all stacks can be told.
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
export type ProductionOptions<Cache extends Near = never> = Encryption & ProductionPolicies<Cache>

/**
 * What {@link production} encrypts with: `Aead`, or Fernet, which py-key-value reads.
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
 * Limits that a stack may have, and a near store. `{}` asks for what the wrapper has by default.
 *
 * @since 0.1.0
 */
export interface Limits<Cache extends Near = never> extends Options {
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
 * Other options of {@link production}.
 *
 * @since 0.1.0
 */
export interface ProductionPolicies<Cache extends Near = never> extends Limits<Cache> {
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
export interface MultiTenantOptions<Cache extends Near = never> extends Limits<Cache> {
  /** Name of the tenant, the prefix of its collections. */
  readonly tenant: string
  /** Limits the size of values. Default: `{ maxSize: "1 MiB" }`. */
  readonly limitSize?: LimitSize.Options | undefined
}

/**
 * Sees everything, changes nothing: logs at level `Debug`, spans, metrics and statistics.
 *
 * **When to use**
 *
 * Use it as the last of a stack of your own.
 *
 * **Details**
 *
 * store → Logging → Tracing → Statistics
 *
 * Statistics is outermost, so that the time that it measures is the caller's.
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
 * For a store across a network: every attempt limited, failures retried, values encrypted and compressed, all of it
 * measured.
 *
 * **Details**
 *
 * store → Timeout → *Hedge* → Retry → *CircuitBreaker* → *Bulkhead* → *RateLimit* → *Deadline* → FernetEncryption or Aead →
 * Compression → *LimitSize* → *PassthroughCache* → Tracing → Statistics
 *
 * Those in italics are there when their option is. Why in this order:
 *
 * - Timeout and Hedge are about each attempt, and so inside of Retry.
 * - The breaker counts operations that failed after all their attempts. One that it rejects gives its place in the bulkhead
 *   back at once, and one that waits for the rate limit takes none. The deadline includes all of this.
 * - The codecs are outside of Retry, so that a value is compressed and encrypted once, however many attempts it takes;
 *   Compression is outside of encryption, since what is encrypted does not compress; LimitSize looks at the value as it is.
 * - A hit in the cache costs none of it. What the cache holds is not encrypted, unless its own layer is.
 * - Tracing and Statistics see every operation: those that the breaker, a limit or the deadline fails by their error, those
 *   that the cache answers as hits. The metrics `effect_kv.cache` (by `cache.result`), `effect_kv.retry.retries`,
 *   `effect_kv.circuit_breaker.rejected`, `effect_kv.bulkhead.rejected`, `effect_kv.rate_limit.rejected` and
 *   `effect_kv.deadline.exceeded` tell them apart, under the name of the `store`.
 *
 * Encrypted and compressed values are stored as bytes, without base64, unless `envelope: "json"` asks for what
 * py-key-value reads. A `Fallback` or `Replicate` belongs below, as the store that the stack is applied to, with a `Timeout` of
 * its own inside of each of its stores.
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
  <Cache extends Near = never>(options: ProductionOptions<Cache>): Stack<Layer.Error<Cache>, Layer.Services<Cache>> =>
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
      near(options),
      Tracing.wrap({ store: name }),
      Statistics.wrap({ store: name })
    )
  }

/** The wrapper of an option that is there. */
const given = <Given, E, R>(
  options: Given | undefined,
  wrap: (options: Given) => Wrapper<never, E, R>
): Wrapper<never, E, R> => (options === undefined ? (store) => store : wrap(options))

/** store → Bulkhead → RateLimit → Deadline */
const limits =
  ({ store: name, bulkhead, rateLimit, deadline }: Limits<any>): Wrapper<never, StoreSetupError> =>
  (store) =>
    store.pipe(
      given(bulkhead, (bulkhead) => Bulkhead.wrap({ store: name, ...bulkhead })),
      given(rateLimit, (rateLimit) => RateLimit.wrap({ store: name, ...rateLimit })),
      given(deadline, (deadline) => Deadline.wrap(deadline, { store: name }))
    )

const near = <Cache extends Near>({
  store,
  cache
}: Limits<Cache>): Wrapper<never, StoreSetupError | Layer.Error<Cache>, Layer.Services<Cache>> =>
  given(cache, (cache) => PassthroughCache.wrap({ store, ...cache }))

/**
 * For one's own machine: every operation is logged with its values, and nothing hangs for long.
 *
 * **Details**
 *
 * store → Timeout (5 seconds) → Logging (with values and start lines) → Statistics
 *
 * Logging is outside of Timeout, so that a line says when the time ran out.
 *
 * **Gotchas**
 *
 * Values are logged: not for real people's data.
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
 * A tenant's part of a store that it shares: collections of its own, values of limited size, its own statistics.
 *
 * **Details**
 *
 * store → PrefixCollections → *Bulkhead* → *RateLimit* → *Deadline* → LimitSize → *PassthroughCache* → Statistics (named after
 * the tenant, unless `store` is given)
 *
 * Those in italics are there when their option is, and are the tenant's own: so that it cannot take all that there is of the
 * store. What is too large takes nothing of them, and a hit in the cache neither. Statistics counts what the tenant asked for,
 * whatever came of it.
 *
 * Apply it once for each tenant to the same layer, which is then built once. The store's own protection (`Timeout`,
 * `Retry`, or all of `production`) belongs below, where the tenants share it.
 *
 * @since 0.1.0
 */
export const multiTenant =
  <Cache extends Near = never>(options: MultiTenantOptions<Cache>): Stack<Layer.Error<Cache>, Layer.Services<Cache>> =>
  (store) => {
    const named = { ...options, store: options.store ?? options.tenant }
    return store.pipe(
      PrefixCollections.wrap(options.tenant),
      limits(named),
      LimitSize.wrap(options.limitSize ?? { maxSize: "1 MiB" }),
      near(named),
      Statistics.wrap({ store: named.store })
    )
  }
