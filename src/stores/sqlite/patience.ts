import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { lazy } from "../../platform/lazy.ts"
import { monotonicMillis } from "../../time/clock.ts"
import { pauses } from "../../time/pauses.ts"
import { isBusy } from "./errors.ts"

const schedule = lazy(() => pauses("1 millis", "25 millis"))

/** A try at something, at a time in milliseconds since the epoch. Its failure is what node:sqlite threw. */
export type Attempt<A> = (now: number) => Result.Result<A, unknown>

/** How long to try, in milliseconds: altogether, and until when at most, by the monotonic clock. */
export interface Patience {
  readonly millis: number
  readonly deadline?: number | undefined
}

/**
 * Tries until no other connection is in the way. The first try costs next to nothing; the fiber, not the event loop,
 * waits between the others.
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
