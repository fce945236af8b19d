import type * as Clock from "effect/Clock"
import { liveClock, monotonicMillis } from "../../time/clock.ts"

/** For clocks other than the live one, such as those of tests: the wall clock at monotonic time 0. */
const origins = new WeakMap<Clock.Clock, number>()

/**
 * Milliseconds since the epoch by a clock that cannot be set: the wall clock's time when the process began, and what has
 * elapsed since then.
 *
 * Within a process, the difference of two such times is elapsed time. Times of two processes compare as exactly as their
 * wall clocks agree.
 */
export const steadyMillis = (clock: Clock.Clock): number =>
  clock === liveClock ? performance.timeOrigin + performance.now() : originOf(clock) + monotonicMillis(clock)

const originOf = (clock: Clock.Clock): number => {
  let origin = origins.get(clock)
  if (origin === undefined) {
    origin = clock.currentTimeMillisUnsafe() - monotonicMillis(clock)
    origins.set(clock, origin)
  }
  return origin
}
