import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { lazy } from "../../platform/lazy.ts"
import { monotonicMillis } from "../../time/clock.ts"
import { pauses } from "../../time/pauses.ts"
import { isBusy } from "./errors.ts"

const schedule = lazy(() => pauses("1 millis", "25 millis"))

/** One attempt, at a time in milliseconds since the epoch. Fails with what node:sqlite threw. */
export type Attempt<A> = (now: number) => Result.Result<A, unknown>

/** How long to try: a number of milliseconds, and no longer than a time of the monotonic clock. */
export interface Patience {
  readonly millis: number
  readonly deadline?: number | undefined
}

/**
 * Tries again while other connections hold locks. The first attempt needs no schedule; between later ones the fiber sleeps, and
 * the event loop is free.
 */
export const whenFree = <A, B, E>(
  attempt: Attempt<A>,
  patience: Patience,
  done: (answer: A, now: number) => Effect.Effect<B, E>,
  failed: (cause: unknown) => E
): Effect.Effect<B, E> =>
  Effect.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    const result = attempt(now)
    if (Result.isSuccess(result)) return done(result.success, now)
    if (!isBusy(result.failure)) return Effect.fail(failed(result.failure))
    const { millis, deadline = Number.POSITIVE_INFINITY } = patience
    const end = Math.min(monotonicMillis(clock) + millis, deadline)
    const later = Effect.suspend(() => {
      const now = clock.currentTimeMillisUnsafe()
      return Effect.fromResult(Result.map(attempt(now), (answer) => ({ answer, now })))
    })
    return later.pipe(
      Effect.retry({
        schedule: schedule(),
        while: (cause) => isBusy(cause) && monotonicMillis(clock) < end
      }),
      Effect.delay("1 millis"),
      Effect.mapError(failed),
      Effect.flatMap(({ answer, now }) => done(answer, now))
    )
  })
