import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { lazy } from "../../platform/lazy.ts"
import { monotonicMillis } from "../../time/clock.ts"
import { pauses } from "../../time/pauses.ts"
import { isBusy } from "./errors.ts"

const schedule = lazy(() => pauses("1 millis", "25 millis"))

/** One attempt. `now` is in milliseconds since the epoch. Fails with the exception of `node:sqlite`. */
export type Attempt<A> = (now: number) => Result.Result<A, unknown>

/** How long to retry. */
export interface RetryLimit {
  readonly millis: number
  /** A time of the monotonic clock, if there is one. */
  readonly deadline?: number | undefined
}

/**
 * Runs an attempt, and retries it while other connections hold locks. Between attempts the fiber sleeps, so the event
 * loop is not blocked.
 */
export const retryWhileBusy = <A, B, E>(
  attempt: Attempt<A>,
  limit: RetryLimit,
  done: (result: A, now: number) => Effect.Effect<B, E>,
  failed: (cause: unknown) => E
): Effect.Effect<B, E> =>
  Effect.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    const result = attempt(now)
    if (Result.isSuccess(result)) return done(result.success, now)
    if (!isBusy(result.failure)) return Effect.fail(failed(result.failure))
    const { millis, deadline = Number.POSITIVE_INFINITY } = limit
    const end = Math.min(monotonicMillis(clock) + millis, deadline)
    const later = Effect.suspend(() => {
      const now = clock.currentTimeMillisUnsafe()
      return Effect.fromResult(Result.map(attempt(now), (result) => ({ result, now })))
    })
    return later.pipe(
      Effect.retry({
        schedule: schedule(),
        while: (cause) => isBusy(cause) && monotonicMillis(clock) < end
      }),
      Effect.delay("1 millis"),
      Effect.mapError(failed),
      Effect.flatMap(({ result, now }) => done(result, now))
    )
  })
