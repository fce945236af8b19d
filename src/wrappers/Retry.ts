/**
 * Retries failed operations.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Wrapper } from "../Driver.ts"
import type { Filter } from "../driver/around.ts"
import type { Call } from "../driver/Call.ts"
import * as options from "../driver/options.ts"
import type { KeyValueError, StoreSetupError } from "../KeyValueError.ts"
import { now } from "../time/clock.ts"
import { stateful } from "./common/stateful.ts"
import { again, type Policy } from "./retry/again.ts"
import { Budget, unlimited } from "./retry/Budget.ts"
import { tellingOf } from "./retry/tellingOf.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Maximum number of attempts after the first. Default: 3. */
  readonly maxRetries?: number | undefined
  /** Pause before the first retry. Default: 100 milliseconds. */
  readonly initialDelay?: Duration.Input | undefined
  /** Factor by which each pause is longer than the one before. Default: 2. */
  readonly factor?: number | undefined
  /** Longest pause. Default: 10 seconds. */
  readonly maxDelay?: Duration.Input | undefined
  /** Whether each pause varies between 80 and 120 %, so that clients do not retry at the same time. Default: true. */
  readonly jitter?: boolean | undefined
  /** Which failures are retried. Default: those that are `retryable`. */
  readonly while?: ((error: KeyValueError, call: Call) => boolean) | undefined
  /** Your own schedule, which replaces all pauses and counts above. Default: none. */
  readonly schedule?: Schedule.Schedule<unknown, KeyValueError> | undefined
  /**
   * Limit on the retries of all callers together, so that retries do not multiply an outage. With `false`, there is no
   * limit. Default: `{ ratio: 0.2, minPerSecond: 10 }`.
   */
  readonly budget?: false | BudgetOptions | undefined
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
}

/**
 * The limit on the retries of all callers of a store together.
 *
 * @since 0.1.0
 */
export interface BudgetOptions {
  /**
   * How many retries each call of the last 10 seconds adds to the budget. 0.2 means at most 20 % more calls.
   * Default: 0.2.
   */
  readonly ratio?: number | undefined
  /** How many retries each second adds to the budget, however few calls there are. Default: 10. */
  readonly minPerSecond?: number | undefined
}

/**
 * Retries failed operations, with exponential backoff.
 *
 * **When to use**
 *
 * Use it outside `Timeout`, so that each attempt has its limit.
 *
 * **Details**
 *
 * The first attempt costs almost nothing, because the schedule starts with the first failure. By default, Retry retries
 * errors that are `retryable`, such as an outage, but not a value of the wrong type. A conditional write (`Atomic`) whose
 * outcome is unknown is never retried, because it could find its own write and report a conflict. An `Atomic.increment`
 * whose outcome is unknown is never retried, because it could count twice.
 *
 * A failure is not retried if
 *
 * - the `budget` is spent. A retry that calls have added to it can be used for 10 seconds. This is enough for a short
 *   outage, and limits the additional load during a long one;
 * - the pause would end at or after the call's deadline (set by a `Deadline` or `Timeout` outside);
 * - the error's `retryAfter` (of `CircuitOpenError` and `RateLimitedError`) is longer than `maxDelay`. Otherwise the pause
 *   is at least that long.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails with the error of the last attempt. If that attempt was not applied but an
 * earlier one may have been, it fails with the earlier error, whose `outcome` is `"unknown"`. Fails to build with
 * `StoreSetupError` when an option is out of range.
 *
 * **Metrics**
 *
 * `effect_kv.retry.retries` counts retries. `effect_kv.retry.budget_exhausted` counts failures that were not retried
 * because the budget was spent.
 *
 * **Gotchas**
 *
 * - A `delete` whose reply was lost is retried, and returns `false` although the first attempt deleted the entry.
 * - Each `Retry` has its own budget. Two of them in one stack multiply each other's attempts.
 * - The last pause is `initialDelay * factor ^ (maxRetries - 1)`, or `maxDelay` if that is shorter. Callers wait for all
 *   pauses.
 *
 * **Example**
 *
 * ```ts
 * import { Retry, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Timeout.wrap("1 second"), // each attempt
 *   Retry.wrap({ maxRetries: 2, initialDelay: "50 millis" })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> =>
  stateful("Retry", Effect.flatMap(described.read(config), policyOf), (policy, { counter }, health) =>
    retrying({
      ...policy,
      onRetry: counter("retry.retries", "Attempts after the first"),
      onExhausted: tellingOf(
        health,
        counter("retry.budget_exhausted", "Failures without a retry because the budget was spent")
      )
    })
  )

/** @internal */
export const described = options.of<Options>()("Retry", {
  maxRetries: options.integer({ min: 0, default: 3 }),
  initialDelay: options.duration({ default: "100 millis" }),
  factor: options.number({ min: 1, default: 2 }),
  maxDelay: options.duration({ default: "10 seconds" }),
  jitter: options.boolean({ default: true }),
  while: options.errors<NonNullable<Options["while"]>>(),
  schedule: options.value("a Schedule", Schedule.isSchedule),
  budget: options.either(
    [false],
    options.group<BudgetOptions>()({
      ratio: options.number({ min: 0, default: 0.2 }),
      minPerSecond: options.number({ min: 0, default: 10 })
    })
  ),
  store: options.text()
})

const policyOf = (config: options.Values<typeof described>) =>
  Effect.withFiber((fiber) => {
    const { maxRetries, initialDelay, maxDelay, factor, jitter, budget } = config
    const pauses = Schedule.min([Schedule.exponential(initialDelay, factor), Schedule.spaced(maxDelay)])
    return Effect.succeed({
      schedule: config.schedule ?? Schedule.upTo(jitter ? Schedule.jittered(pauses) : pauses, { times: maxRetries }),
      while: config.while,
      maxDelay,
      budget: budget === false ? unlimited : new Budget(budget.ratio, budget.minPerSecond, now(fiber)),
      store: config.store
    })
  })

const retrying =
  (policy: Policy): Filter =>
  (call, next) => {
    const first = Effect.suspend(() => {
      policy.budget.calls++
      return next(call)
    })
    return Effect.catch(first, (error) => {
      const attempt = Effect.suspend(() => next(call))
      return again(attempt, error, policy, call)
    })
  }
