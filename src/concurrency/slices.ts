import * as Effect from "effect/Effect"

/** The number of items in a slice, small enough that one slice does not block the event loop for long. */
const sliceSize = 1000

/** Runs a step for each slice of the indices below `count`. Yields between slices, and stops at a failure. */
export const inSlices = <E, R = never>(
  count: number,
  step: (from: number, to: number) => Effect.Effect<void, E, R>,
  from = 0
): Effect.Effect<void, E, R> => {
  const to = from + sliceSize
  if (to >= count) return step(from, count)
  return step(from, to).pipe(
    Effect.andThen(Effect.yieldNow),
    Effect.andThen(Effect.suspend(() => inSlices(count, step, to)))
  )
}

/** Runs a function for each index, in slices. The first slice runs synchronously, because most calls have only one. */
export const eachInSlices = <A, E, R>(
  count: number,
  step: (index: number) => void,
  then: () => Effect.Effect<A, E, R>,
  from = 0
): Effect.Effect<A, E, R> => {
  const to = Math.min(from + sliceSize, count)
  for (let index = from; index < to; index++) step(index)
  return to === count ? then() : Effect.flatMap(Effect.yieldNow, () => eachInSlices(count, step, then, to))
}

/** `Array.map`, in slices. */
export const map = <A, B>(items: ReadonlyArray<A>, f: (item: A) => B): Effect.Effect<ReadonlyArray<B>> => {
  if (items.length <= sliceSize) return Effect.succeed(items.map(f))
  const all: Array<B> = []
  return eachInSlices(
    items.length,
    (index) => void all.push(f(items[index]!)),
    () => Effect.succeed(all)
  )
}

/** `Array.flatMap`, in slices. */
export const flatMap = <A, B>(items: ReadonlyArray<A>, f: (item: A) => ReadonlyArray<B>) =>
  Effect.suspend(() => {
    const all: Array<B> = []
    const step = (from: number, to: number) =>
      Effect.sync(() => {
        for (let i = from; i < to; i++) all.push(...f(items[i]!))
      })
    return Effect.as(inSlices(items.length, step), all as ReadonlyArray<B>)
  })

/** `Effect.forEach`, in slices, for effects that may all be synchronous. */
export const forEach = <A, B, E, R = never>(
  items: ReadonlyArray<A>,
  f: (item: A, index: number) => Effect.Effect<B, E, R>,
  concurrency: number
): Effect.Effect<ReadonlyArray<B>, E, R> =>
  Effect.suspend(() => {
    if (items.length <= sliceSize) return Effect.forEach(items, f, { concurrency })
    const all: Array<B> = []
    const step = (from: number, to: number) =>
      Effect.map(
        Effect.forEach(items.slice(from, to), (item, index) => f(item, from + index), { concurrency }),
        (results) => void all.push(...results)
      )
    return Effect.as(inSlices(items.length, step), all)
  })
