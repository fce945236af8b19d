import type * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"

/** Pauses that double up to the longest, and vary, so that those who were in each other's way do not come back together. */
export const pauses = (shortest: Duration.Input, longest: Duration.Input) =>
  Schedule.min([Schedule.exponential(shortest), Schedule.spaced(longest)]).pipe(Schedule.jittered)
