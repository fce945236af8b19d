import * as Effect from "effect/Effect"

/** How many entries are encoded or decoded at a time, so that the event loop is not held up for long. */
const sliceSize = 1000

/** Runs a step for each slice of so many indices. The event loop goes on between two of them; a failure ends it. */
export const inSlices = <E>(
  count: number,
  step: (from: number, to: number) => Effect.Effect<void, E>,
  from = 0
): Effect.Effect<void, E> => {
  const to = from + sliceSize
  if (to >= count) return step(from, count)
  return step(from, to).pipe(
    Effect.andThen(Effect.yieldNow),
    Effect.andThen(Effect.suspend(() => inSlices(count, step, to)))
  )
}

/** The answer with a page. The event loop goes on before the next one is asked for. */
export const page = <P extends { readonly next: unknown }>(answer: P): Effect.Effect<P> =>
  answer.next === undefined ? Effect.succeed(answer) : Effect.as(Effect.yieldNow, answer)
