import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type { Call } from "../../driver/Call.ts"
import type { KeyValueError, Outcome } from "../../KeyValueError.ts"
import { now } from "../../time/clock.ts"
import type { Budget } from "./Budget.ts"

export interface Policy {
  readonly schedule: Schedule.Schedule<unknown, KeyValueError>
  readonly while: (error: KeyValueError, call: Call) => boolean
  readonly maxDelay: number
  readonly budget: Pick<Budget, "calls" | "take">
  readonly onRetry: () => void
  readonly onExhausted: () => void
}

/** Attempts after one that has failed, as long as the schedule goes on and neither time nor budget runs out. */
export const again = Effect.fnUntraced(function* <A, E>(
  attempt: Effect.Effect<A, E>,
  failure: E,
  mayRetry: (error: E) => boolean,
  policy: Policy,
  deadline = Number.POSITIVE_INFINITY
): Effect.fn.Return<A, E> {
  const step = yield* Schedule.toStep(policy.schedule)
  let error = failure
  let uncertain: E | undefined
  do {
    if (outcomeOf(error) === "unknown") uncertain = error
    const delay = yield* Pull.catchDone(
      Effect.map(step(yield* Clock.currentTimeMillis, error as KeyValueError), ([, delay]) => Duration.toMillis(delay)),
      () => Effect.undefined
    )
    const retryAfter = retryAfterOf(error)
    if (delay === undefined || retryAfter > policy.maxDelay) break
    const pause = Math.max(delay, retryAfter)
    const at = yield* time
    if (at + pause >= deadline) break
    if (!policy.budget.take(at)) {
      policy.onExhausted()
      break
    }
    policy.onRetry()
    yield* Effect.sleep(pause)
    // After a stall of the event loop the pause may have been longer than asked for.
    if ((yield* time) >= deadline) break
    const result = yield* Effect.result(attempt)
    if (Result.isSuccess(result)) return result.success
    error = result.failure
  } while (mayRetry(error))
  // An attempt that may have been applied is not undone by a later one that was not.
  return yield* Effect.fail(uncertain !== undefined && outcomeOf(error) === "not-applied" ? uncertain : error)
})

/** By the monotonic clock. A schedule gets the time of day, as all schedules of Effect do. */
const time = Effect.withFiber((fiber) => Effect.succeed(now(fiber)))

const outcomeOf = (error: unknown): Outcome | undefined => (error as { readonly outcome?: Outcome }).outcome

/** Before when it makes no sense to try again, in milliseconds. */
const retryAfterOf = (error: unknown): number => {
  const { retryAfter } = error as { readonly retryAfter?: Duration.Duration }
  return retryAfter === undefined ? 0 : Duration.toMillis(retryAfter)
}
