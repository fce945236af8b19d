import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Call } from "../../driver/Call.ts"
import type { KeyValueError, Outcome } from "../../KeyValueError.ts"
import { now } from "../../time/clock.ts"
import type { Budget } from "./Budget.ts"

export interface Policy {
  readonly schedule: Schedule.Schedule<unknown, KeyValueError>
  readonly while: (error: KeyValueError, call: Call) => boolean
  /** Longest `retryAfter` for which to retry, in milliseconds. */
  readonly maxDelay: number
  readonly budget: Pick<Budget, "calls" | "take">
  readonly onRetry: () => void
  /** `now` is in milliseconds of the monotonic clock. */
  readonly onExhausted: (now: number) => void
}

/** Retries an attempt that has failed with `failure`, while the policy and the deadline of the call allow it. */
export const again = <A, E>(
  attempt: Effect.Effect<A, E>,
  failure: E,
  policy: Policy,
  call: Call
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const { deadline = Number.POSITIVE_INFINITY } = call
    let isFirst = true
    let last = failure
    let uncertain: E | undefined
    const next = Effect.withFiber((fiber): Effect.Effect<A, E> => {
      // If the event loop was blocked, the pause may have ended after the deadline.
      const repeatsFailure = isFirst || now(fiber) >= deadline
      isFirst = false
      return repeatsFailure ? Effect.fail(last) : attempt
    })
    const attempts = Effect.tapError(next, (error) => {
      last = error
      if (outcomeOf(error) === "unknown") uncertain = error
      return Effect.void
    })
    const schedule = scheduleOf(policy, call, deadline) as Schedule.Schedule<unknown, unknown>
    // A later attempt that was not applied does not undo an earlier attempt that may have been.
    return Effect.mapError(Effect.retry(attempts, schedule), (error) =>
      uncertain !== undefined && outcomeOf(error) === "not-applied" ? uncertain : error
    )
  })

/** The policy's schedule, with pauses of at least `retryAfter`. It also ends at an error or a limit that forbids a retry. */
const scheduleOf = (
  { schedule, while: isRetryable, maxDelay, budget, onRetry, onExhausted }: Policy,
  call: Call,
  deadline: number
): Schedule.Schedule<unknown, KeyValueError> =>
  schedule.pipe(
    Schedule.while(
      ({ input }) => isRetryable(input, call) && !isUnsafeToRepeat(input, call) && retryAfterOf(input) <= maxDelay
    ),
    Schedule.modifyDelay(({ input, duration }) =>
      Effect.succeed(Math.max(Duration.toMillis(duration), retryAfterOf(input)))
    ),
    Schedule.while(({ duration }) =>
      Effect.withFiber((fiber) => {
        const at = now(fiber)
        if (at + Duration.toMillis(duration) >= deadline) return Effect.succeed(false)
        const isAffordable = budget.take(at)
        if (isAffordable) onRetry()
        else onExhausted(at)
        return Effect.succeed(isAffordable)
      })
    )
  )

/** A conditional write could find its own earlier attempt and report a conflict. An increment could count twice. */
const isUnsafeToRepeat = (error: KeyValueError, call: Call): boolean =>
  (call._tag === "compareAndPut" || call._tag === "increment") && outcomeOf(error) === "unknown"

const outcomeOf = (error: unknown): Outcome | undefined => (error as { readonly outcome?: Outcome }).outcome

/** The `retryAfter` of an error, in milliseconds. Zero if it has none. */
const retryAfterOf = (error: unknown): number => {
  const { retryAfter } = error as { readonly retryAfter?: Duration.Duration }
  return retryAfter === undefined ? 0 : Duration.toMillis(retryAfter)
}
