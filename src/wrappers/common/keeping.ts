import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Filter, Next } from "../../driver/around.ts"
import type { Call } from "../../driver/Call.ts"
import { TimeoutError } from "../../KeyValueError.ts"
import { timeLeft } from "../../time/budget.ts"
import { now } from "../../time/clock.ts"
import { release } from "../../time/release.ts"

/** Ends an operation after so many milliseconds, or with the budget of its caller, whichever comes first. */
export const keeping =
  (millis: number, onExceeded: () => void): Filter =>
  <C extends Call, A, E>(call: C, next: Next<C, A, E>) =>
    Effect.withFiber((fiber): Effect.Effect<A, E | TimeoutError> => {
      const left = Math.min(millis, timeLeft(fiber))
      if (left === Number.POSITIVE_INFINITY) return next(call)
      const exceeded = (sent: boolean) => {
        onExceeded()
        return new TimeoutError({ ...call.place, duration: Duration.millis(Math.max(0, left)), sent })
      }
      if (left <= 0) return Effect.fail(exceeded(false))
      const deadline = Math.min(call.deadline ?? Number.POSITIVE_INFINITY, now(fiber) + left)
      const attempt = Effect.suspend(() => next({ ...call, deadline }))
      return release(attempt, fiber, left, () => exceeded(true), call.holder)
    })
