/**
 * One time budget for all attempts of an operation, or for several operations.
 *
 * @since 0.1.0
 */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { Wrapper } from "../Driver.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { CurrentDeadline } from "../time/budget.ts"
import { now } from "../time/clock.ts"
import { millisOf } from "../time/duration.ts"
import { limitToBudget } from "./common/limitTime.ts"
import { metered } from "./common/metered.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
}

/**
 * The time at which the work of a fiber must be done, in milliseconds of the monotonic clock
 * (`Driver.monotonicMillis`). Set by {@link within}. Default: `Infinity`.
 *
 * @since 0.1.0
 */
export const Current = CurrentDeadline

/**
 * Gives an effect a time budget. All operations in the effect, on every store that has a `Deadline`, share this budget.
 *
 * **Details**
 *
 * The budget begins when the effect starts. If budgets are nested, the earlier deadline applies. Forked fibers inherit
 * the budget. An operation that is under way when the time is up fails with `TimeoutError`. An operation that begins
 * later fails, too, and is not sent. Nothing else is interrupted: to limit other effects as well, add `Effect.timeout`.
 * A time that is not positive, or not a duration, leaves no time: every operation fails. `"Infinity"` sets no limit.
 *
 * **Example** (Three operations in a second)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Deadline, KeyValue } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const kv = yield* KeyValue.KeyValue
 *   const user = yield* kv.get("alice", { collection: "users" })
 *   const orders = yield* kv.getMany(["1", "2"], { collection: "orders" })
 *   yield* kv.put("alice", { known: user !== undefined, orders: orders.length }, { collection: "reports" })
 * }).pipe(Deadline.within("1 second"))
 * ```
 *
 * @since 0.1.0
 */
export const within: {
  (duration: Duration.Input): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, duration: Duration.Input): Effect.Effect<A, E, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, duration: Duration.Input): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => {
      const deadline = now(fiber) + (millisOf(duration) || 0)
      return Effect.provideService(self, Current, Math.min(fiber.getRef(Current), deadline))
    })
)

/**
 * Keeps operations within the budget that {@link within} gives them and, if you give a duration, within this duration.
 *
 * **When to use**
 *
 * Use it outside of `Retry`, `Bulkhead` and `RateLimit`: the budget includes all attempts, the pauses between them and
 * the waits before them. A `Timeout` directly around the store limits each attempt.
 *
 * **Details**
 *
 * When the time of an operation is up, the operation is interrupted and fails with `TimeoutError`. The caller is
 * released at this time, even if the store cannot be interrupted. Calls carry the deadline to the wrappers inside:
 * `Retry` makes no attempt and no pause beyond the deadline, and fails at once with the last error. A call that has no
 * time left is not sent: the error has `sent: false`, and a write's `outcome` is `"not-applied"`. A page of an
 * enumeration is an operation of its own.
 *
 * Without any limit, a call only costs a lookup in the fiber.
 *
 * **Errors**
 *
 * - `TimeoutError`: the time of an operation was up. With `sent: false`, no time was left to start it, and the
 *   `outcome` of a write is `"not-applied"`.
 *
 * Fails to build with `StoreSetupError` unless the duration is positive and finite.
 *
 * **Metrics**
 *
 * `effect_kv.deadline.exceeded` counts operations that ran out of time.
 *
 * **Gotchas**
 *
 * - A write that ran out of time after it was sent may still be applied: its `outcome` is `"unknown"`.
 * - A load that several callers share (`getOrSet`, a read-through cache) has no caller's budget: each caller waits as
 *   long as its own budget allows. Limit the load itself with `Effect.timeout`.
 * - {@link within} has no effect on a stack without `Deadline.wrap`.
 *
 * **Example**
 *
 * ```ts
 * import { Deadline, Retry, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Timeout.wrap("500 millis"), // each attempt
 *   Retry.wrap(),
 *   Deadline.wrap("2 seconds") // all of them
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (duration?: Duration.Input, config: Options = {}): Wrapper<never, StoreSetupError> =>
  metered(described.read(config, { duration }), ({ duration }, { counter }) =>
    limitToBudget(duration, counter("deadline.exceeded", "Operations that ran out of time"))
  )

/** @internal */
export const described = options.of<
  Options & {
    /** Limit on each operation, including all attempts, pauses and queues inside. Default: none. */
    readonly duration?: Duration.Input | undefined
  }
>()("Deadline", {
  duration: options.duration({ default: Number.POSITIVE_INFINITY, otherwise: "none" }),
  store: options.text()
})
