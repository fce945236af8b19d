/**
 * A near copy of what is read from a far store.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { areStores, type Wrapper, wrapperOverApart } from "../Driver.ts"
import { around } from "../driver/around.ts"
import type { Driver } from "../driver/Driver.ts"
import * as options from "../driver/options.ts"
import { waitsOf } from "../driver/waits.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { KeyValueError, StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { meterOf } from "../telemetry/metrics.ts"
import { withTimeout } from "./common/withTimeout.ts"
import { Background } from "./passthroughCache/Background.ts"
import { Copies } from "./passthroughCache/Copies.ts"
import { countersOf } from "./passthroughCache/counters.ts"
import { Freshness, type Limits } from "./passthroughCache/Freshness.ts"
import { Misses } from "./passthroughCache/Misses.ts"
import { nearOf } from "./passthroughCache/nearOf.ts"
import { inBudget, ReadThrough } from "./passthroughCache/ReadThrough.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options<Cache extends Layer.Layer<KeyValue | Maintenance, any, any>> {
  /** The near store. It must be able to clear, since clearing the far store clears it, too. */
  readonly cache: Cache
  /** The longest time that an entry is answered from near without asking. Default: 30 minutes. */
  readonly maxTtl?: Duration.Input | undefined
  /** The same for an entry that does not expire. Default: 30 minutes. */
  readonly missingTtl?: Duration.Input | undefined
  /**
   * For how long a key that the far store does not have is answered as missing without asking again: of the last 10,000
   * such keys, in the memory of the process. Default: not at all.
   */
  readonly missTtl?: Duration.Input | undefined
  /**
   * How long before its time is over a copy that is asked for is renewed in the background. A number below 1 is a
   * fraction of that time: 0.2 is its last fifth. Default: never.
   */
  readonly refreshAhead?: Duration.Input | undefined
  /**
   * For how long after its time is over a copy may still be answered when the far store fails (stale on error), but never
   * after the entry itself has expired. Default: not at all.
   */
  readonly maxStale?: Duration.Input | undefined
  /**
   * Whether to answer such a copy at once, and ask the far store in the background. It needs `maxStale`. Default: false.
   */
  readonly staleWhileRevalidate?: boolean | undefined
  /** Which failures of the far store are answered with stale copies. Default: those that are `retryable`. */
  readonly staleOn?: ((error: KeyValueError) => boolean) | undefined
  /**
   * For how long a write whose outcome is unknown may still be applied: until then its keys are asked of the far store.
   * Default: 30 seconds.
   */
  readonly settleTime?: Duration.Input | undefined
  /** How long to wait for the near store before going on without it. Default: 1 second. */
  readonly cacheTimeout?: Duration.Input | undefined
  /** A name in metrics (`db.namespace`). Default: none. */
  readonly store?: string | undefined
}

/**
 * Answers reads from a near store, which it fills from the wrapped, far one.
 *
 * **When to use**
 *
 * Use with `Memory` (and its limits) as the near store of a remote one. Put it outside of codecs and of `Retry`, so that
 * a hit costs neither.
 *
 * **Details**
 *
 * - Only `get` and `getMany` are answered from near. `ttl`, `Atomic` and enumeration ask the far store.
 * - Misses of a batch are asked for in one call. A key that is being asked for is not asked for again: all who want it
 *   wait for the one answer, unless it was asked for more than `maxTtl` ago (`missingTtl`, `missTtl`: the shortest of them).
 * - Writes go to the far store, and the near copy is removed. A fill that raced a write is not kept.
 * - A failure of the far store is the caller's, unless there are stale copies of all that was asked for (`maxStale`).
 *   A renewal in the background fails nobody; after a failure there is none for a second. A defect in it is logged as a
 *   warning. At most 100 calls renew copies at a time: a copy that is due beyond that is renewed by a later read.
 * - A read or write with a budget of time (`Deadline.within`) waits for the near store, and for a fill that others share,
 *   no longer than its budget. Fills, renewals and removals themselves have no caller's budget. A removal goes on when its
 *   writer gives up; of more than 1,000 such removals at a time, the copies are not removed but no longer believed.
 * - The metric `effect_kv.cache` counts keys by `cache.result`: `"hit"`, `"miss"` (the far store was asked), `"stale"`
 *   (answered after its time), `"refresh"` (asked for in the background) and `"error"` (the near store failed). Its other
 *   attributes are `db.system.name`, of the far store, and `db.namespace` (`store`).
 *
 * **What may be answered**
 *
 * - Nothing that was overwritten, deleted or cleared through this layer before the read began. While a write is under
 *   way, and for `settleTime` after one whose outcome is unknown (also: that was interrupted), its keys are asked of the
 *   far store. A write that is applied later than that is seen late by what `maxTtl` and `maxStale` allow.
 * - What others wrote is seen late by `maxTtl` (`missingTtl`, `missTtl`) at most, counted from when the far store was
 *   asked; when the far store fails, or with `staleWhileRevalidate`, by `maxStale` more.
 * - No copy is answered after the original has expired, by the wall clock as for every entry.
 *
 * **Clocks**
 *
 * How old a copy is goes by elapsed time: setting the wall clock makes no copy of this process younger or older. The near
 * store drops copies by the wall clock. Set forward, it drops them early, once; set back, it keeps them for longer than it
 * need, but they are not answered. A near store that several processes share, or that outlives the process, holds copies
 * whose age is known by the wall clock at which each process began. So these clocks must agree: a copy looks older or
 * younger by as much as they differ, and one that seems to come from the future is not answered.
 *
 * **The near store may fail**
 *
 * Whatever it does is never the caller's: failures and defects are misses, and what takes longer than `cacheTimeout` is
 * one. A copy that could not be removed, or was perhaps written after it should have been, is not believed from then on:
 * the process remembers up to 10,000 such keys one by one; of more, it disbelieves all copies that are older than the
 * oldest of these failures.
 *
 * **Gotchas**
 *
 * - Other processes' near stores do not hear of a write: choose `maxTtl` by how stale an answer may be. The same holds
 *   for a near store that several processes share, or that outlives the process: what the process knew about failed
 *   removals is gone with it.
 * - With `maxStale` alone, each read in an outage waits for the far store to fail before it is answered: put
 *   `CircuitBreaker` or a short `Timeout` inside, or choose `staleWhileRevalidate`.
 * - An entry whose own expiry ends its copy's time is not renewed ahead: it is about to be gone.
 * - A near store that hangs takes `cacheTimeout` from each read's budget before the far store is asked: choose it well
 *   below the budgets that callers have.
 * - A write without a budget of time that is interrupted while its copy is being removed waits for the near store, for
 *   `cacheTimeout` at most.
 *
 * **One near store for each far store**
 *
 * The near store must be another store than the far one (`StoreSetupError`), and hold the copies of no other: stacks over
 * different layers may name one constant, such as a `Memory.layer()`, as their cache, and each gets one of its own. A file,
 * or a Redis, that is the cache of another stack already is refused (`StoreSetupError`), unless `PrefixKeys` or
 * `PrefixCollections` keeps their names apart. So is it if one far layer is built twice and a service leads it to two stores.
 * A Redis is known by the address that its layer was given. Other processes may share it, for the same far store.
 *
 * Fails to build with `StoreSetupError` also unless all times are positive and finite, and TTLs of at least a millisecond
 * and at most 1,000 years.
 *
 * @since 0.1.0
 */
export const wrap = <Cache extends Layer.Layer<KeyValue | Maintenance, any, any>>({
  cache,
  ...config
}: Options<Cache>): Wrapper<never, StoreSetupError | Layer.Error<Cache>, Layer.Services<Cache>> => {
  const make = Effect.fnUntraced(function* (far: Driver, [driver]: ReadonlyArray<Driver>) {
    const { missTtl, cacheTimeout, store: name, ...read } = yield* described.read(config, { cache })
    const limits = { ...read, due: dueOf(read.refreshAhead) }
    const freshness = new Freshness(limits)
    const counters = countersOf((yield* meterOf(name))(far))
    const removals = yield* Background.make(maxRemovals)
    const near = withTimeout(cacheTimeout)(driver!)
    const store = waitsOf(near) === "never" ? near : around(inBudget)(near)
    const through = new ReadThrough({
      far,
      freshness,
      counters,
      copies: new Copies(store, freshness, counters, removals),
      misses: new Misses(missTtl, 10_000),
      refreshes: yield* Background.make(maxRefreshes),
      maxAge: Math.min(limits.maxTtl, limits.missingTtl, missTtl || Number.POSITIVE_INFINITY),
      staleWhileRevalidate: read.staleWhileRevalidate,
      staleOn: read.staleOn,
      settleTime: read.settleTime
    })
    return cached(far, through)
  })
  const wrapper = (self: Layer.Layer<KeyValue>) =>
    wrapperOverApart("PassthroughCache", areStores, [nearOf(cache, self)], make)(self)
  return wrapper as unknown as Wrapper<never, StoreSetupError | Layer.Error<Cache>, Layer.Services<Cache>>
}

/** How many calls may renew copies in the background at a time. */
const maxRefreshes = 100

/** How many removals of copies may go on at a time although their writers wait for them no longer. */
const maxRemovals = 1000

const cached = (far: Driver, through: ReadThrough): Driver => ({
  ...far,
  get: (call) => (call.expiry || call.versioned ? through.past(call) : through.get(call)),
  put: (call) => through.invalidating(call, far.put(call)),
  delete: (call) => through.invalidating(call, far.delete(call)),
  atomic: far.atomic && {
    compareAndPut: (call) => through.invalidating(call, far.atomic!.compareAndPut(call))
  },
  maintenance: far.maintenance && {
    ...far.maintenance,
    clear: (call) => through.clearing(call, far.maintenance!.clear(call))
  }
})

/** @internal */
export const described = options.of<Options<any>>()(
  "PassthroughCache",
  {
    cache: options.required(options.layer()),
    maxTtl: options.ttl({ default: "30 minutes" }),
    missingTtl: options.ttl({ default: "30 minutes" }),
    missTtl: options.duration({ default: 0, otherwise: "not at all" }),
    refreshAhead: options.union(
      (input) => typeof input === "number" && input < 1,
      options.number({ above: 0, below: 1 }),
      options.duration({ otherwise: "never" })
    ),
    maxStale: options.duration({ default: 0, otherwise: "not at all" }),
    staleWhileRevalidate: options.boolean({ default: false }),
    staleOn: options.errors<(error: KeyValueError) => boolean>(),
    settleTime: options.duration({ default: "30 seconds" }),
    cacheTimeout: options.duration({ default: "1 second" }),
    store: options.text()
  },
  ({ staleWhileRevalidate, maxStale }) =>
    staleWhileRevalidate && maxStale === 0 ? "staleWhileRevalidate needs maxStale" : undefined
)

const dueOf = (ahead: number | undefined): Limits["due"] => {
  if (ahead === undefined) return undefined
  return ahead < 1 ? (fresh) => fresh * ahead : () => ahead
}
