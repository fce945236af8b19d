import * as Effect from "effect/Effect"
import type { Store } from "./Store.ts"
import { small } from "./values.ts"

/** The heap size of an entry, including key and value, in a store with `count` entries, and the result of `use`. */
export const withEntries = Effect.fnUntraced(function* <A, E, R>(
  open: Effect.Effect<Store, E, R>,
  count: number,
  use: (store: Store) => Effect.Effect<A>
) {
  const store = yield* open
  const before = yield* heapUsed
  yield* Effect.promise(() => store.load(count, ofItsOwn))
  const bytes = ((yield* heapUsed) - before) / count
  return { subject: store.subject, bytes, found: yield* use(store) }
})

/** A value that shares no strings with others. */
const ofItsOwn = (i: number) => JSON.parse(JSON.stringify(small(i)))

/** Waits a few turns of the event loop first, because some objects are released only then. */
const heapUsed = Effect.promise(async () => {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
})
