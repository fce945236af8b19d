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

/** How to get a value that the store does not have. */
export interface Loading<E, R, E2, R2> {
  readonly load: Effect.Effect<Value, E, R>
  readonly ttl: Duration.Input | undefined
  /** Whether a value that is stored will do. One that will not is replaced. Default: each does. */
  readonly isUsable?: ((value: Value) => Effect.Effect<boolean, E2, R2>) | undefined
}

/**
 * The value of a key, or else what is loaded, which is stored if the key is still as it was found.
 *
 * All who want a missing key at the same time share one load, and all but one of them the reads. A caller that is alone
 * reads in its own fiber: a hit costs little more than a read.
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
      return usableIn(driver, place, loading, false)
    })
    return Effect.flatMap(
      Effect.onExitPrimitive(look, () => void looks.delete(id) as undefined),
      ({ value }) => (value === undefined ? shared() : Effect.succeed(value))
    )
  })

/** What is stored under a key, and its value if that will do. */
const usableIn = <E, R, E2, R2>(
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
  const look = (versioned: boolean) => usableIn(driver, place, loading, versioned)
  let found = yield* look(false)
  // What is replaced must be known by its version, which only the store itself can tell.
  if (found.entry !== undefined && found.value === undefined && atomic !== undefined) found = yield* look(true)
  if (found.value !== undefined) return found.value

  const loaded = yield* Effect.scoped(loading.load)
  const at = { ...place, operation: "put" as const }
  const entries = yield* encode(driver, at, [loaded], loading.ttl)
  // As a read would answer it: what was loaded may be bytes of another realm, or have accessors, which were read now.
  const value = valueOf(driver, entries[0]!)
  // A closed layer has dropped all loads: its caller is not told that the value is stored.
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
