import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { callAt, encode } from "../driver/boundary.ts"
import type { Driver } from "../driver/Driver.ts"
import type { Entry } from "../Entry.ts"
import type { Place, ReadError, TimeoutError, WriteError } from "../KeyValueError.ts"
import { copy, type Value } from "../Value.ts"
import { withinBudget } from "./budget.ts"
import { loadId, served } from "./served.ts"

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
 * All who want the key at the same time share one read and one load.
 */
export const getOrLoad = <E, R, E2 = never, R2 = never>(
  driver: Driver,
  place: Place,
  loading: Loading<E, R, E2, R2>
): Effect.Effect<Value, E | E2 | ReadError | WriteError | TimeoutError, Exclude<R, Scope.Scope> | R2> => {
  const shared = served(driver).loads.run(loadId(place.collection, place.keys[0]!), (isDropped) =>
    lookOrLoad(driver, place, loading, isDropped)
  )
  return withinBudget(Effect.map(shared, copy), place)
}

const lookOrLoad = Effect.fnUntraced(function* <E, R, E2, R2>(
  driver: Driver,
  place: Place,
  { load, ttl, isUsable }: Loading<E, R, E2, R2>,
  isDropped: () => boolean
): Effect.fn.Return<Value, E | E2 | ReadError | WriteError, Exclude<R, Scope.Scope> | R2> {
  const { compareAndPut } = driver
  const usable = (entry: Entry) => isUsable?.(entry.payload.value) ?? Effect.succeed(true)
  const read = (versioned: boolean) =>
    Effect.map(
      served(driver).driver.get({ _tag: "get", ...callAt(place), expiry: false, versioned }),
      ([entry]) => entry
    )

  let found = yield* read(false)
  if (found !== undefined && (yield* usable(found))) return found.payload.value
  if (found !== undefined && compareAndPut !== undefined) {
    found = yield* read(true)
    if (found !== undefined && (yield* usable(found))) return found.payload.value
  }

  const value = yield* Effect.scoped(load)
  const at = { ...place, operation: "put" as const }
  const entries = yield* encode(driver, at, [value], ttl)
  if (isDropped()) return value
  if (compareAndPut === undefined) {
    yield* driver.put({ _tag: "put", ...callAt(at), entries })
    return value
  }
  const call = { _tag: "compareAndPut", ...callAt(at), entry: entries[0], expected: found?.version } as const
  if (yield* compareAndPut(call)) return value
  const newer = yield* read(false)
  return newer !== undefined && (yield* usable(newer)) ? newer.payload.value : value
})
