/**
 * Another attempt after a failure that may pass.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { around, type Filter } from "../driver/around.ts"
import type { Call } from "../driver/Call.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
import * as options from "../internal/options.ts"
import type { KeyValueError, Outcome, StoreSetupError } from "../KeyValueError.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** How many attempts after the first. Default: 3. */
  readonly maxRetries?: number | undefined
  /** The pause before the first retry. Default: 100 milliseconds. */
  readonly initialDelay?: Duration.Input | undefined
  /** By how much each pause is longer than the one before. Default: 2. */
  readonly factor?: number | undefined
  /** The longest pause. Default: 10 seconds. */
  readonly maxDelay?: Duration.Input | undefined
  /** Whether to vary each pause between 80 and 120 %, so that clients do not come back all at once. Default: true. */
  readonly jitter?: boolean | undefined
  /** Which failures to retry. Default: those that are `retryable`. */
  readonly while?: ((error: KeyValueError, call: Call) => boolean) | undefined
  /** A schedule to use in place of all pauses and counts above. */
  readonly schedule?: Schedule.Schedule<unknown, KeyValueError> | undefined
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
 * The call fails with the error of the last attempt. If that one was `"not-applied"` while an earlier one may have been
 * applied (sent, and not answered), it fails with the earlier one's: the `outcome` is that of the whole call.
 *
 * **Gotchas**
 *
 * - A `delete` whose answer was lost is retried, and then finds nothing to delete: it answers `false` though it did
 *   delete.
 * - Pauses grow to `initialDelay * factor ^ (maxRetries - 1)` at most: choose them with the caller's patience in mind.
 *
 * Fails to build with `StoreSetupError` when an option is out of range.
 *
 * @since 0.1.0
 */
export const wrap = (options: Options = {}): Wrapper<never, StoreSetupError> =>
  wrapperEffect(Effect.map(policy(options), (policy) => around(retrying(policy))))

interface Policy {
  readonly schedule: Schedule.Schedule<unknown, KeyValueError>
  readonly while: (error: KeyValueError, call: Call) => boolean
}

const policy = Effect.fnUntraced(function* (config: Options): Effect.fn.Return<Policy, StoreSetupError> {
  const maxRetries = yield* options.integer("Retry", "maxRetries", config.maxRetries ?? 3, 0)
  const initialDelay = yield* options.millis("Retry", "initialDelay", config.initialDelay ?? "100 millis")
  const maxDelay = yield* options.millis("Retry", "maxDelay", config.maxDelay ?? "10 seconds")
  const factor = config.factor ?? 2
  yield* options.check("Retry", factor >= 1 && Number.isFinite(factor), `factor must be at least 1, not ${factor}`)
  const pauses = Schedule.min([Schedule.exponential(initialDelay, factor), Schedule.spaced(maxDelay)])
  return {
    schedule:
      config.schedule ??
      Schedule.upTo(config.jitter === false ? pauses : Schedule.jittered(pauses), { times: maxRetries }),
    while: config.while ?? ((error) => error.retryable)
  }
})

const retrying =
  (policy: Policy): Filter =>
  (call, next) => {
    const attempt = Effect.suspend(() => next(call))
    const mayRetry = (error: unknown): boolean =>
      policy.while(error as KeyValueError, call) && !isUnsafeToRepeat(error as KeyValueError, call)
    return Effect.catchIf(attempt, mayRetry, (error) =>
      ofAllAttempts(error, mayRetry, (mayRetry) => again(attempt, error, mayRetry, policy))
    )
  }

/** Fails with an error whose outcome is true of all attempts, and not of the last one alone. */
const ofAllAttempts = <A, E>(
  first: E,
  mayRetry: (error: unknown) => boolean,
  attempts: (mayRetry: (error: unknown) => boolean) => Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  let uncertain = outcomeOf(first) === "unknown" ? first : undefined
  const noted = (error: unknown) => {
    if (outcomeOf(error) === "unknown") uncertain = error as E
    return mayRetry(error)
  }
  return Effect.mapError(attempts(noted), (last) => (outcomeOf(last) === "not-applied" ? (uncertain ?? last) : last))
}

const outcomeOf = (error: unknown): Outcome | undefined => (error as { readonly outcome?: Outcome }).outcome

/** Steps the schedule with the failure that is there already, before it runs the attempt again. */
const again = <A, E>(
  attempt: Effect.Effect<A, E>,
  error: E,
  mayRetry: (error: unknown) => boolean,
  policy: Policy
): Effect.Effect<A, E> => {
  let first = true
  const replayed = Effect.suspend(() => {
    if (!first) return attempt
    first = false
    return Effect.fail(error)
  })
  return Effect.retry(replayed, {
    schedule: policy.schedule as unknown as Schedule.Schedule<unknown, E>,
    while: mayRetry
  })
}

const isUnsafeToRepeat = (error: KeyValueError, call: Call): boolean =>
  call._tag === "compareAndPut" && outcomeOf(error) === "unknown"
