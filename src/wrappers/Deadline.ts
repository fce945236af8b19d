/**
 * One budget of time for all attempts of an operation, or for several operations.
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
 * When the work of a fiber has to be done, in milliseconds of the monotonic clock (`Driver.monotonicMillis`). Set by
 * {@link within}. Default: `Infinity`.
 *
 * @since 0.1.0
 */
export const Current = CurrentDeadline

/**
 * Gives an effect a budget of time, which all operations in it have together, on every store that has a `Deadline`.
 *
 * **Details**
 *
 * The budget begins when the effect does. Within another one, the nearer deadline holds. What is forked inherits it. An
 * operation that is under way when the time is over fails with `TimeoutError`, and so does each that begins later, without
 * being sent. Nothing else is interrupted: combine it with `Effect.timeout` for what is not an operation of a store.
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
 * Keeps operations within the budget that {@link within} gives them and, if a duration is given, within that.
 *
 * **When to use**
 *
 * Use it outside of `Retry`, `Bulkhead` and `RateLimit`: the budget is for all attempts, with the pauses between them
 * and the waiting before them, where `Timeout` next to the store limits each attempt.
 *
 * **Details**
 *
 * An operation fails with `TimeoutError` when its time is over, and is interrupted. The caller is released then even if
 * the store cannot be interrupted. Calls carry the deadline on: `Retry` makes no attempt, nor pauses, beyond it, and gives
 * up with the last error at once. What finds no time left is not sent: the error has `sent: false`, and a write's
 * `outcome` is `"not-applied"`. A page of an enumeration is an operation of its own.
 *
 * A call without any limit costs a look at the fiber.
 *
 * Metrics: `effect_kv.deadline.exceeded` counts operations that ran out of time.
 *
 * **Gotchas**
 *
 * - A write that ran out of time on its way may still be applied: its `outcome` is `"unknown"`.
 * - A load that several callers share (`getOrSet`, a read-through cache) has no caller's budget: each caller waits for it as
 *   long as its own allows. Limit the load itself with a `Timeout`.
 *
 * Fails to build with `StoreSetupError` unless the duration is positive and finite.
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
