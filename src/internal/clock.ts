import * as Clock from "effect/Clock"
import * as Context from "effect/Context"

/** The clock of fibers that have no other. */
export const liveClock = Context.get(Context.empty(), Clock.Clock)

/**
 * Milliseconds of a clock that nobody sets back: to be compared with each other only. The live one is asked as the runtime
 * has it, since its nanoseconds, a `bigint`, take longer.
 */
export const monotonicMillis = (clock: Clock.Clock): number =>
  clock === liveClock ? performance.now() : Number(clock.monotonicTimeNanosUnsafe()) / 1e6
