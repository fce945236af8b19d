import * as Effect from "effect/Effect"

/** Few enough that even a costly step for each takes some milliseconds only. */
const slice = 1000

/** Does something for each index up to a count, and lets the event loop go on in between. */
export const inSlices = (count: number, step: (index: number) => void): Effect.Effect<void> => from(0, count, step)

const from = (start: number, count: number, step: (index: number) => void): Effect.Effect<void> =>
  Effect.suspend(() => {
    const end = Math.min(start + slice, count)
    for (let index = start; index < end; index++) step(index)
    return end === count ? Effect.void : Effect.andThen(Effect.yieldNow, from(end, count, step))
  })
