import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"

/** The default clock. */
export const liveClock = Context.get(Context.empty(), Clock.Clock)

/**
 * Milliseconds of the monotonic clock, which are only good for comparison with each other. The live clock is read by
 * `performance.now`, which costs less than its nanoseconds, a `bigint`.
 */
export const monotonicMillis = (clock: Clock.Clock): number =>
  clock === liveClock ? performance.now() : Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** The monotonic time of a fiber, in milliseconds. */
export const now = (fiber: Fiber.Fiber<unknown, unknown>): number => monotonicMillis(fiber.getRef(Clock.Clock))
