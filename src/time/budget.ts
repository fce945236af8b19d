import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Place, TimeoutError } from "../KeyValueError.ts"
import { now } from "./clock.ts"
import { waitAtMost } from "./waitAtMost.ts"

/** The deadline of a fiber, in milliseconds of the monotonic clock. `Deadline.within` sets it. */
export const CurrentDeadline = Context.Reference<number>("effect-kv/Deadline/Current", {
  defaultValue: () => Number.POSITIVE_INFINITY
})

/** How much of its budget a fiber has left, in milliseconds. */
export const timeLeft = (fiber: Fiber.Fiber<unknown, unknown>): number => {
  const deadline = fiber.getRef(CurrentDeadline)
  return deadline === Number.POSITIVE_INFINITY ? deadline : deadline - now(fiber)
}

/** Waits for shared work, but no longer than the fiber's own budget allows. */
export const withinBudget = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  place: Place
): Effect.Effect<A, E | TimeoutError, R> =>
  Effect.withFiber((fiber) => {
    const left = timeLeft(fiber)
    return left === Number.POSITIVE_INFINITY ? effect : waitAtMost(fiber, left, effect, { place })
  })

/** Runs work that others share, or that outlives its caller, without the caller's budget. */
export const withoutBudget = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, CurrentDeadline, Number.POSITIVE_INFINITY)
