import * as Effect from "effect/Effect"

/** Few enough that even a costly step for each takes some milliseconds only. */
const slice = 1000

/**
 * Does something for each index up to a count, and lets the event loop go on after each thousand. The first thousand are
 * done within the call, so that few cost no step of the fiber.
 */
export const inSlices = <A, E, R>(
  count: number,
  step: (index: number) => void,
  then: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => from(0, count, step, then)

const from = <A, E, R>(
  start: number,
  count: number,
  step: (index: number) => void,
  then: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const end = Math.min(start + slice, count)
  for (let index = start; index < end; index++) step(index)
  return end === count ? then() : Effect.flatMap(Effect.yieldNow, () => from(end, count, step, then))
}
