/**
 * Another attempt after a failure that may pass.
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
import { metered } from "./common/metered.ts"
import { again, type Policy } from "./retry/again.ts"
import { Budget, unlimited } from "./retry/Budget.ts"

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
 * The retries that all callers of a store have together.
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
 * Tries failed operations again, with exponential backoff.
 *
 * **When to use**
 *
 * Use it outside of `Timeout`, so that each attempt has its limit.
 *
 * **Details**
 *
 * The first attempt costs next to nothing; the schedule begins with the first failure. What is retried is an error's
 * own `retryable`, which every store sets: an outage, not a wrong type. A conditional write (`Atomic`) whose outcome is
 * unknown is never retried, since it would find its own work and call it a conflict.
 *
 * A failure is passed on at once, without its retries, when
 *
 * - the `budget` is spent. What calls earn and seconds add can be used for 10 seconds: enough to bridge a short outage of
 *   all callers, and too little to double the load of a store that struggles for longer;
 * - the pause would last until the call's deadline (set by a `Deadline` or `Timeout` outside), or beyond;
 * - the error says when to try again (`retryAfter`, of `CircuitOpenError` and `RateLimitedError`), and that is farther
 *   away than `maxDelay`. If it is not, the pause is at least that long.
 *
 * What it fails with is the last failure; or, if that is not applied though an attempt before it may have been, the failure
 * of that one, whose `outcome` is `"unknown"`.
 *
 * Metrics: `effect_kv.retry.retries` counts retries, `effect_kv.retry.budget_exhausted` failures that had none because
 * the budget was spent.
 *
 * **Gotchas**
 *
 * - A `delete` whose answer was lost is retried, and then finds nothing to delete: it answers `false` though it did
 *   delete.
 * - Each `Retry` has a budget of its own. Two of them in one stack multiply each other's attempts.
 * - Pauses grow to `initialDelay * factor ^ (maxRetries - 1)` at most: choose them with the caller's patience in mind.
 *
 * Fails to build with `StoreSetupError` when an option is out of range.
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> =>
  metered(Effect.flatMap(described.read(config), policyOf), (policy, { counter }) =>
    retrying({
      ...policy,
      onRetry: counter("retry.retries", "Attempts after the first"),
      onExhausted: counter("retry.budget_exhausted", "Failures without a retry because the budget was spent")
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
    const mayRetry = (error: unknown): boolean =>
      policy.while(error as KeyValueError, call) && !isUnsafeToRepeat(error as KeyValueError, call)
    const first = Effect.suspend(() => {
      policy.budget.calls++
      return next(call)
    })
    return Effect.catchIf(first, mayRetry, (error) =>
      again(
        Effect.suspend(() => next(call)),
        error,
        mayRetry,
        policy,
        call.deadline
      )
    )
  }

const isUnsafeToRepeat = (error: KeyValueError, call: Call): boolean =>
  call._tag === "compareAndPut" && "outcome" in error && error.outcome === "unknown"
