/**
 * A cache in front of a store, filled by reads.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { areStores, type Wrapper, wrapperOverApart } from "../Driver.ts"
import type { Driver } from "../driver/Driver.ts"
import * as options from "../driver/options.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { KeyValueError, StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { meterOf } from "../telemetry/metrics.ts"
import { withTimeout } from "./common/withTimeout.ts"
import { cached } from "./passthroughCache/cached.ts"
import { countersOf } from "./passthroughCache/counters.ts"
import { healthOf } from "./passthroughCache/healthOf.ts"
import { ownCache } from "./passthroughCache/ownCache.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options<Cache extends Layer.Layer<KeyValue | Maintenance, any, any>> {
  /** Store for the copies. It must have `Maintenance`, because clearing the store clears the cache, too. */
  readonly cache: Cache
  /** How long a copy of an entry with a TTL is served without asking the store. Default: 30 minutes. */
  readonly maxTtl?: Duration.Input | undefined
  /** How long a copy of an entry without a TTL is served without asking the store. Default: 30 minutes. */
  readonly missingTtl?: Duration.Input | undefined
  /**
   * How long a key that the store does not have is reported as missing without asking the store. This applies to the
   * last 10,000 such keys, which are kept in the memory of the process. Default: none.
   */
  readonly missTtl?: Duration.Input | undefined
  /**
   * How long before a copy becomes stale a read refreshes it in the background: a time, or a fraction of the time that the
   * copy is fresh. Default: none.
   */
  readonly refreshAhead?:
    | Duration.Input
    | {
        /** Fraction of the fresh time, above 0 and below 1: 0.2 is the last fifth. */
        readonly fraction: number
      }
    | undefined
  /**
   * How long a stale copy may be served when the store fails. A copy is never served after the entry itself has expired.
   * Default: none.
   */
  readonly maxStale?: Duration.Input | undefined
  /**
   * Whether a stale copy is served at once while the store is asked in the background. This option needs `maxStale`.
   * Default: false.
   */
  readonly staleWhileRevalidate?: boolean | undefined
  /** Which failures of the store are answered with stale copies. Default: those that are `retryable`. */
  readonly staleOn?: ((error: KeyValueError) => boolean) | undefined
  /**
   * How long a write with an unknown outcome may still be applied. During this time, reads of the keys of the write ask
   * the store. Default: 30 seconds.
   */
  readonly settleTime?: Duration.Input | undefined
  /** How long to wait for the cache. A slower reply counts as a miss. Default: 1 second. */
  readonly cacheTimeout?: Duration.Input | undefined
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
}

/**
 * Answers reads from a cache, and fills the cache from the wrapped store.
 *
 * **When to use**
 *
 * Use it with `Memory` (and its limits) as the cache of a remote store. Put `PassthroughCache` outside of codecs and of
 * `Retry`, so that a hit needs neither of them.
 *
 * **Details**
 *
 * - Only `get` and `getMany` use the cache. `ttl`, `Atomic` and enumeration ask the store.
 * - The misses of a batch are read from the store in one call. A key that is already being read is not read again: all
 *   readers wait for the same result, unless the read began longer ago than the shortest of `maxTtl`, `missingTtl` and
 *   `missTtl`.
 * - Writes go to the store, and the copy is removed from the cache. A value that was read from the store while its key
 *   was written is not cached.
 * - A read fails when the store fails, unless there are stale copies of all its keys (`maxStale`). A failed refresh in the
 *   background fails no caller, and stops refreshes for a second. A defect in it is logged as a warning. At most 100 calls
 *   refresh copies at a time: other copies that are due are refreshed by later reads.
 * - A read or write with a time budget (`Deadline.within`) waits for the cache, and for a shared read of the store, no
 *   longer than its budget. Shared reads, refreshes and removals themselves have no caller's budget. A removal goes on
 *   when the writer gives up. If 1,000 such removals are running, the copies are not removed but marked as invalid.
 *
 * **What a read may return**
 *
 * - Nothing that was overwritten, deleted or cleared through this layer before the read began. During a write, and for
 *   `settleTime` after a write whose outcome is unknown (an interrupted write, for example), reads of the keys of the
 *   write ask the store. A write that is applied after `settleTime` may be seen late, by up to `maxTtl` plus
 *   `maxStale`.
 * - Writes of other processes are seen at most `maxTtl` (`missingTtl`, `missTtl`) late, counted from when the store was
 *   asked. When the store fails, or with `staleWhileRevalidate`, `maxStale` is added.
 * - No copy is returned after the original has expired, by the wall clock as for every entry.
 *
 * **Clocks**
 *
 * The age of a copy is elapsed time: setting the wall clock makes no copy of this process younger or older. The cache
 * drops copies by the wall clock. If the wall clock is set forward, copies are dropped early, once. If it is set back,
 * copies are kept longer than necessary, but not returned. In a cache that several processes share, or that outlives
 * the process, ages are relative to the wall clock at which each process began. These clocks must agree: a copy looks
 * older or younger by as much as they differ, and a copy that seems to come from the future is not returned.
 *
 * **Failures of the cache**
 *
 * A failure or defect of the cache is a miss, and so is an operation that takes longer than `cacheTimeout`: no caller's
 * operation fails because of the cache. A copy that could not be removed, or that may have been written after its
 * removal, is invalid from then on. The process remembers up to 10,000 such keys. If there are more, the process
 * forgets the oldest, and treats all copies of that age or older as invalid.
 *
 * **Errors**
 *
 * - `TimeoutError`: the time budget of the caller (`Deadline.within`) ended while it waited for a read of the store
 *   that it shares with other callers, or for the cache.
 * - Failures of the cache are never returned to callers. Failures of the store are, unless there are stale copies
 *   (`maxStale`).
 *
 * Fails to build with `StoreSetupError` when a duration is not valid: times must be positive and finite, and TTLs at
 * least a millisecond and at most 1,000 years. Fails in the same way when the cache cannot be used (see "One cache for
 * each store").
 *
 * **Metrics**
 *
 * `effect_kv.cache` counts keys by `cache.result`: `"hit"`, `"miss"` (read from the store), `"stale"` (returned after
 * the fresh time), `"refresh"` (read in the background) and `"error"` (the cache failed).
 *
 * **Gotchas**
 *
 * - Caches of other processes are not told of a write: choose `maxTtl` by how stale a value may be. The same holds for a
 *   cache that several processes share, or that outlives the process: what a process knew about failed removals is lost
 *   when it ends.
 * - With `maxStale` alone, each read in an outage waits for the store to fail before it returns a stale copy: put
 *   `CircuitBreaker` or a short `Timeout` inside, or choose `staleWhileRevalidate`.
 * - `refreshAhead` does not refresh a copy whose entry expires before the copy's fresh time ends.
 * - A cache that hangs takes `cacheTimeout` from each read's budget before the store is asked: choose a `cacheTimeout`
 *   well below the budgets that callers have.
 * - A write without a time budget that is interrupted while its copy is being removed waits for the cache, for
 *   `cacheTimeout` at most.
 *
 * **One cache for each store**
 *
 * The cache must not be the wrapped store (`StoreSetupError`), and must hold copies of no other store. Stacks over
 * different layers may use the same constant, such as a `Memory.layer()`, as their cache: each stack gets a cache of
 * its own. A file, or a Redis, that is already the cache of another stack is refused (`StoreSetupError`), unless
 * `PrefixKeys` or `PrefixCollections` keeps their names apart. Such a cache is also refused if the wrapped layer is
 * built twice, and a service that the layer needs leads to two different stores. A Redis database is identified by the
 * address that its layer was given. Other processes may use the same cache, for the same store.
 *
 * **Example** (Fresh for a minute, and up to an hour old while Redis is down)
 *
 * ```ts
 * import { Memory, PassthroughCache, Retry, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Timeout.wrap("1 second"),
 *   Retry.wrap(),
 *   PassthroughCache.wrap({ cache: Memory.layer({ maxEntries: 10_000 }), maxTtl: "1 minute", maxStale: "1 hour" })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = <Cache extends Layer.Layer<KeyValue | Maintenance, any, any>>({
  cache,
  ...config
}: Options<Cache>): Wrapper<never, StoreSetupError | Layer.Error<Cache>, Layer.Services<Cache>> => {
  const make = Effect.fnUntraced(function* (store: Driver, [driver]: ReadonlyArray<Driver>) {
    const { cacheTimeout, store: name, ...read } = yield* described.read(config, { cache })
    const counters = countersOf((yield* meterOf(name))(store))
    const limits = { ...read, due: options.aheadOf(read.refreshAhead) }
    const health = yield* healthOf(store, driver!, { name, maxStale: read.maxStale })
    return { ...(yield* cached(store, withTimeout(cacheTimeout)(driver!), { ...read, limits, counters })), health }
  })
  const wrapper = (self: Layer.Layer<KeyValue>) =>
    wrapperOverApart("PassthroughCache", areStores, [ownCache(cache, self)], make)(self)
  return wrapper as unknown as Wrapper<never, StoreSetupError | Layer.Error<Cache>, Layer.Services<Cache>>
}

/** @internal */
export const described = options.of<Options<any>>()(
  "PassthroughCache",
  {
    cache: options.required(options.layer()),
    maxTtl: options.ttl({ default: "30 minutes" }),
    missingTtl: options.ttl({ default: "30 minutes" }),
    missTtl: options.duration({ default: 0, otherwise: "none" }),
    refreshAhead: options.ahead(),
    maxStale: options.duration({ default: 0, otherwise: "none" }),
    staleWhileRevalidate: options.boolean({ default: false }),
    staleOn: options.errors<(error: KeyValueError) => boolean>(),
    settleTime: options.duration({ default: "30 seconds" }),
    cacheTimeout: options.duration({ default: "1 second" }),
    store: options.text()
  },
  ({ staleWhileRevalidate, maxStale, refreshAhead }) =>
    options.aheadProblem("refreshAhead", refreshAhead) ??
    (staleWhileRevalidate && maxStale === 0 ? "staleWhileRevalidate needs maxStale" : undefined)
)
