import * as Effect from "effect/Effect"
import type { Store } from "./Store.ts"
import { small } from "./values.ts"

/** What an entry takes on the heap, key and value included, when there are so many. */
export const bytesPerEntry = Effect.fnUntraced(function* <E, R>(open: Effect.Effect<Store, E, R>, count: number) {
  const store = yield* open
  const before = heapUsed()
  yield* Effect.promise(() => store.load(count, ofItsOwn))
  const bytes = (heapUsed() - before) / count
  return { store, subject: store.subject, bytes }
})

/** A value that shares no strings with others. */
const ofItsOwn = (i: number) => JSON.parse(JSON.stringify(small(i)))

const heapUsed = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
