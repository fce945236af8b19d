import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"

/** The clock of fibers that have no other. */
export const liveClock = Context.get(Context.empty(), Clock.Clock)

/**
 * Milliseconds of a clock that nobody sets: to be compared with each other only. The live clock is read by
 * `performance.now`, since its nanoseconds, a `bigint`, cost more.
 */
export const monotonicMillis = (clock: Clock.Clock): number =>
  clock === liveClock ? performance.now() : Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** The monotonic time of a fiber, in milliseconds. */
export const now = (fiber: Fiber.Fiber<unknown, unknown>): number => monotonicMillis(fiber.getRef(Clock.Clock))
