import type * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"

/** Exponential backoff with a maximum and jitter. */
export const pauses = (shortest: Duration.Input, longest: Duration.Input) =>
  Schedule.min([Schedule.exponential(shortest), Schedule.spaced(longest)]).pipe(Schedule.jittered)
