import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Filter } from "../../driver/around.ts"
import { timeLeft } from "../../time/budget.ts"
import { now } from "../../time/clock.ts"
import { waitAtMost } from "../../time/waitAtMost.ts"

/** Fails operations with `TimeoutError` when their time is up. `millisOf` returns how long one of a fiber may take. */
export const limitTime =
  (millisOf: (fiber: Fiber.Fiber<unknown, unknown>) => number, onExceeded?: () => void): Filter =>
  (call, next) =>
    Effect.withFiber((fiber) => {
      const millis = millisOf(fiber)
      if (millis === Number.POSITIVE_INFINITY) return next(call)
      const { place, holder } = call
      const deadline = Math.min(call.deadline ?? Number.POSITIVE_INFINITY, now(fiber) + millis)
      const attempt = Effect.suspend(() => next({ ...call, deadline, limit: undefined }))
      return waitAtMost(fiber, millis, attempt, { place, holder, onExceeded })
    })

/** Fails operations after `millis`, or when the budget of their caller (`Deadline.within`) is used up. Default: the latter. */
export const limitToBudget = (millis = Number.POSITIVE_INFINITY, onExceeded?: () => void): Filter =>
  limitTime((fiber) => Math.min(millis, timeLeft(fiber)), onExceeded)
