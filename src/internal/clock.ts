import * as Clock from "effect/Clock"
import * as Context from "effect/Context"

/** The clock of programs that have no other one. */
export const liveClock = Context.get(Context.empty(), Clock.Clock)

/**
 * Milliseconds of a clock that nobody sets back: to be compared with each other only. The live clock's are asked of the
 * runtime itself, in a third of the time that its nanoseconds take, since these are a `bigint`.
 */
export const monotonicMillis = (clock: Clock.Clock): number =>
  clock === liveClock ? performance.now() : Number(clock.monotonicTimeNanosUnsafe()) / 1e6
