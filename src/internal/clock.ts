import type * as Clock from "effect/Clock"

/** Milliseconds of a clock that nobody sets back: to be compared with each other only. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
