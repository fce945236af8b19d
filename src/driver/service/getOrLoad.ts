import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Entry } from "../../Entry.ts"
import type { Place, ReadError, TimeoutError, WriteError } from "../../KeyValueError.ts"
import { withinBudget } from "../../time/budget.ts"
import { copy, type Value } from "../../Value.ts"
import { encode, valueOf } from "../boundary.ts"
import * as Calls from "../Calls.ts"
import type { Driver } from "../Driver.ts"
import { idOf } from "../ids.ts"
import { layerClosed } from "../layerClosed.ts"
import { served } from "./served.ts"

/** How to load a value that the store does not have. */
export interface Loading<E, R, E2, R2> {
  readonly load: Effect.Effect<Value, E, R>
  readonly ttl: Duration.Input | undefined
  /** Whether a stored value can be used. A value that cannot be used is replaced. Default: all values can be used. */
  readonly isUsable?: ((value: Value) => Effect.Effect<boolean, E2, R2>) | undefined
}

/**
 * Returns the value of a key, or loads it. A loaded value is stored if the key has not changed since it was read.
 *
 * Callers that ask for a missing key at the same time share one load, and all but the first share the reads, too. The first
 * caller reads in its own fiber, so that a hit costs little more than a read.
 */
export const getOrLoad = <E, R, E2 = never, R2 = never>(
  driver: Driver,
  place: Place,
  loading: Loading<E, R, E2, R2>
): Effect.Effect<Value, E | E2 | ReadError | WriteError | TimeoutError, Exclude<R, Scope.Scope> | R2> =>
  Effect.suspend(() => {
    const { loads, looks } = served(driver)
    const id = idOf(place.collection, place.keys[0]!)
    const shared = () => {
      const run = loads.run(id, (isDropped) => lookOrLoad(driver, place, loading, isDropped))
      return withinBudget(Effect.map(run, copy), place)
    }
    if (looks.has(id) || loads.has(id)) return shared()
    const look = Effect.suspend(() => {
      looks.add(id)
      return readUsable(driver, place, loading, false)
    })
    return Effect.flatMap(
      Effect.onExitPrimitive(look, () => void looks.delete(id) as undefined),
      ({ value }) => (value === undefined ? shared() : Effect.succeed(value))
    )
  })

/** Returns the entry of a key, if there is one, and its value, if it can be used. */
const readUsable = <E, R, E2, R2>(
  driver: Driver,
  place: Place,
  { isUsable }: Loading<E, R, E2, R2>,
  versioned: boolean
): Effect.Effect<{ readonly entry?: Entry; readonly value?: Value }, ReadError | E2, R2> =>
  Effect.flatMap(
    served(driver).driver.get(Calls.get(place, { versioned })),
    ([entry]): Effect.Effect<{ readonly entry?: Entry; readonly value?: Value }, E2, R2> => {
      if (entry === undefined) return Effect.succeed({})
      const value = valueOf(driver, entry)
      if (isUsable === undefined) return Effect.succeed({ entry, value })
      return Effect.map(isUsable(value), (isUsable) => (isUsable ? { entry, value } : { entry }))
    }
  )

const lookOrLoad = Effect.fnUntraced(function* <E, R, E2, R2>(
  driver: Driver,
  place: Place,
  loading: Loading<E, R, E2, R2>,
  isDropped: () => boolean
): Effect.fn.Return<Value, E | E2 | ReadError | WriteError, Exclude<R, Scope.Scope> | R2> {
  const { atomic } = driver
  const look = (versioned: boolean) => readUsable(driver, place, loading, versioned)
  let found = yield* look(false)
  // The version is needed to replace the value. The first read does not ask for it, so that a cache can serve that read.
  if (found.entry !== undefined && found.value === undefined && atomic !== undefined) found = yield* look(true)
  if (found.value !== undefined) return found.value

  const loaded = yield* Effect.scoped(loading.load)
  const at = { ...place, operation: "put" as const }
  const entries = yield* encode(driver, at, [loaded], loading.ttl)
  // Returns what a read would return. The loaded value may have accessors, or be bytes of another realm.
  const value = valueOf(driver, entries[0]!)
  // A closed layer has dropped all loads and stores nothing, so the caller must not be told that the value was stored.
  if (served(driver).isClosed()) return yield* layerClosed(place)
  if (isDropped()) return value
  if (atomic === undefined) {
    yield* driver.put(Calls.put(at, entries))
    return value
  }
  const call = Calls.compareAndPut(at, { entry: entries[0], expected: found.entry?.version })
  if (yield* atomic.compareAndPut(call)) return value
  return (yield* look(false)).value ?? value
})
