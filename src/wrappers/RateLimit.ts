/**
 * Limits how many calls (or keys) may start per time window.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Wrapper } from "../Driver.ts"
import type { Filter, Next } from "../driver/around.ts"
import { type Call, keyCount } from "../driver/Call.ts"
import { inTime } from "../driver/inTime.ts"
import * as options from "../driver/options.ts"
import { RateLimitedError, type StoreSetupError, type TimeoutError } from "../KeyValueError.ts"
import type { Meter } from "../telemetry/metrics.ts"
import { now } from "../time/clock.ts"
import { metered } from "./common/metered.ts"
import { Bucket } from "./rateLimit/Bucket.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Maximum number of calls (or keys, see `cost`) per `window`. */
  readonly limit: number
  /** Length of the time window. Default: 1 second. */
  readonly window?: Duration.Input | undefined
  /** How many calls (or keys) may start at once after a pause. Default: `limit`. */
  readonly burst?: number | undefined
  /** Whether a call beyond the limit fails with `RateLimitedError` or waits. Default: `"fail"`. */
  readonly onExceeded?: "fail" | "wait" | undefined
  /**
   * How long a call may wait with `onExceeded: "wait"`. A call that would wait longer fails at once. Default: 1 second.
   */
  readonly maxWait?: Duration.Input | undefined
  /**
   * What counts toward the limit: each call (a batch is one call), or each of its keys (at least one).
   * Default: `"call"`.
   */
  readonly cost?: "call" | "keys" | undefined
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
}

/**
 * Limits how many calls (or keys) may start per time window. Further calls fail with `RateLimitedError`, or wait.
 *
 * **When to use**
 *
 * Use it for a store that charges per request or throttles, and to keep one tenant from using up the store. Put it outside
 * `Retry` to count operations, or inside to count attempts. Put it outside `Bulkhead`, so that calls that wait for the rate
 * limit hold no place in the bulkhead.
 *
 * **Details**
 *
 * A bucket holds `burst` tokens and gains `limit` tokens per `window`. A call takes one token, or one for each of its
 * keys. So the calls that start in any period are at most `burst` plus the tokens gained in that period. A batch with
 * more keys than the bucket holds waits until the bucket is full, and later calls wait for the remaining tokens.
 * Enumeration and clearing cost one token per page.
 *
 * With `onExceeded: "wait"`, calls start in the order in which they arrived. `Retry` waits for as long as the error's
 * `retryAfter` says.
 *
 * The limit applies to this layer in this process, and costs a few additions per call. To share a limit between processes,
 * use Effect's `RateLimiter` in your own wrapper (`Driver.around`), for example with an effect-kv store
 * (`EffectStore.toRateLimiterStore`).
 *
 * **Errors**
 *
 * - `RateLimitedError`: the call is over the limit; with `onExceeded: "wait"`, it would have to wait longer than
 *   `maxWait`. The call was not sent, so the `outcome` of a write is `"not-applied"`. `retryAfter` is the time until
 *   it would be within the limit.
 * - `TimeoutError`, with `onExceeded: "wait"`: the deadline of the call would pass while it waits.
 *
 * Fails to build with `StoreSetupError` when an option is out of range.
 *
 * **Metrics**
 *
 * `effect_kv.rate_limit.rejected` and `effect_kv.rate_limit.delayed`, counters of calls that failed or waited.
 *
 * **Gotchas**
 *
 * A call that is interrupted while it waits does not return its tokens. If the deadline of a call (set by a `Deadline`
 * or `Timeout` outside) would pass while the call waits, the call fails at once and takes no tokens.
 *
 * **Example**
 *
 * ```ts
 * import { RateLimit } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   RateLimit.wrap({ limit: 1000, burst: 100, onExceeded: "wait", cost: "keys" })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options): Wrapper<never, StoreSetupError> => metered(described.read(config), limiting)

/** @internal */
export const described = options.of<Options>()("RateLimit", {
  limit: options.required(options.integer({ min: 1 })),
  window: options.duration({ default: "1 second" }),
  burst: options.integer({ min: 1, otherwise: "`limit`" }),
  onExceeded: options.oneOf(["fail", "wait"], { default: "fail" }),
  maxWait: options.duration({ default: "1 second" }),
  cost: options.oneOf(["call", "keys"], { default: "call" }),
  store: options.text()
})

const limiting = (config: options.Values<typeof described>, { counter }: Meter): Filter => {
  const { limit, window, burst = limit, cost, onExceeded } = config
  const bucket = new Bucket(window / limit, burst)
  const maxWait = onExceeded === "wait" ? config.maxWait : 0
  const onRejected = counter("rate_limit.rejected", "Calls over the limit that failed")
  const onDelayed = counter("rate_limit.delayed", "Calls over the limit that waited")
  return <C extends Call, A, E>(call: C, next: Next<C, A, E>) =>
    Effect.withFiber((fiber): Effect.Effect<A, E | RateLimitedError | TimeoutError> => {
      const at = now(fiber)
      const longestWait = call.deadline === undefined ? maxWait : Math.min(maxWait, call.deadline - at)
      const wait = bucket.take(cost === "keys" ? Math.max(1, keyCount(call)) : 1, at, longestWait)
      if (wait === 0) return next(call)
      // Rounded up, because timers have a resolution of one millisecond.
      const pause = Duration.millis(Math.ceil(wait))
      if (wait > longestWait) {
        onRejected()
        return Effect.fail(new RateLimitedError({ ...call.place, retryAfter: pause }))
      }
      onDelayed()
      return Effect.andThen(Effect.sleep(pause), inTime(call, next))
    })
}
