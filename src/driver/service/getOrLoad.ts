import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
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
import { type LoadOptions, logNotStored, type Once, type Outcome, ttlOf } from "./loading.ts"
import { type Look, outdate, served } from "./served.ts"

/** How to load a value that the store does not have. */
export interface Loading<E, R, E2 = never, R2 = never> extends LoadOptions<E2, R2> {
  readonly load: Effect.Effect<Value, E, R>
  /** How to load in one process at a time. Default: every process loads on its own. */
  readonly once?: Once | undefined
}

/**
 * Returns the value of a key, or loads it. A loaded value is stored if the key has not changed since it was read.
 *
 * Callers that ask for a missing key at the same time share one load, and all but the first share the reads, too. The first
 * caller reads in its own fiber, so that a hit costs little more than a read. Its load does not read again if nothing has
 * happened to the key in this process since then. If another process has stored a value, `compareAndPut` finds it.
 */
export const getOrLoad = <E, R, E2 = never, R2 = never>(
  driver: Driver,
  place: Place,
  loading: Loading<E, R, E2, R2>
): Effect.Effect<Value, E | E2 | ReadError | WriteError | TimeoutError, Exclude<R, Scope.Scope> | R2> =>
  Effect.suspend(() => {
    const { loads, looks, isWriting } = served(driver)
    const id = idOf(place.collection, place.keys[0]!)
    const loadsAnyway = loading.onStoreFailure === "load"
    type Result = Effect.Effect<Value, E | E2 | ReadError | WriteError, Exclude<R, Scope.Scope> | R2>
    const join = (first?: First): Result =>
      Effect.flatMap(
        loads.run(id, (isDropped) => {
          const isWritten = () => isDropped() || isWriting(id)
          const load = (first?: First) => lookOrLoad(driver, place, loading, isWritten, first)
          // A store that cannot be read has no lease either.
          if (loading.once === undefined || (first !== undefined && Result.isFailure(first.read))) return load(first)
          return loading.once(place, lookOnly(driver, place, loading), (failure) =>
            load(failure === undefined ? undefined : { look: { isStale: true }, read: Result.fail(failure) })
          )
        }),
        ({ value, failure }): Result => {
          if (failure !== undefined && !loadsAnyway) return Effect.fail(failure as ReadError | WriteError)
          // Without a value, this caller has joined a load that stopped at a failed read, or a batch that has no value.
          return value === undefined ? join() : Effect.succeed(copy(value))
        }
      )
    const shared = (first?: First) => withinBudget(join(first), place)
    if (looks.has(id) || loads.has(id)) return shared()
    const look: Look = { isStale: false }
    const read = Effect.suspend(() => {
      // The fiber may have yielded since the check above.
      look.isStale = loads.has(id)
      outdate(looks.get(id))
      looks.set(id, look)
      return readUsable(driver, place, loading, false)
    })
    const looked = Effect.flatMap(loadsAnyway ? Effect.result(read) : Effect.map(read, Result.succeed), (read) =>
      Result.isSuccess(read) && read.success.value !== undefined
        ? Effect.succeed(read.success.value)
        : shared({ look, read })
    )
    return Effect.onExitPrimitive(looked, () => {
      if (looks.get(id) === look) looks.delete(id)
      return undefined
    })
  })

/** What the first caller has read in its own fiber. */
interface First {
  readonly look: Look
  readonly read: Result.Result<Found, unknown>
}

interface Found {
  readonly entry?: Entry
  readonly value?: Value
}

/** Returns the entry of a key, if there is one, and its value, if it can be used. */
const readUsable = <E2, R2>(
  driver: Driver,
  place: Place,
  { isUsable }: LoadOptions<E2, R2>,
  versioned: boolean
): Effect.Effect<Found, ReadError | E2, R2> =>
  Effect.flatMap(
    served(driver).driver.get(Calls.get(place, { versioned })),
    ([entry]): Effect.Effect<Found, E2, R2> => {
      if (entry === undefined) return Effect.succeed({})
      const value = valueOf(driver, entry)
      if (isUsable === undefined) return Effect.succeed({ entry, value })
      return Effect.map(isUsable(value, place.keys[0]!), (isUsable) => (isUsable ? { entry, value } : { entry }))
    }
  )

/** Reads the key without loading it. */
const lookOnly = <E, R, E2, R2>(
  driver: Driver,
  place: Place,
  loading: Loading<E, R, E2, R2>
): Effect.Effect<Outcome, never, R2> =>
  Effect.match(readUsable(driver, place, loading, false), {
    onFailure: (failure) => ({ failure }),
    onSuccess: ({ value }) => (value === undefined ? {} : { value })
  })

/**
 * Loads the value, unless the store has it. Reads the key again if another load may have ended, or the key may have been
 * written, since the first caller has read it.
 */
const lookOrLoad = Effect.fnUntraced(function* <E, R, E2, R2>(
  driver: Driver,
  place: Place,
  loading: Loading<E, R, E2, R2>,
  isDropped: () => boolean,
  first: First | undefined
): Effect.fn.Return<Outcome, E | E2 | ReadError | WriteError, Exclude<R, Scope.Scope> | R2> {
  const { isClosed, looks } = served(driver)
  const loadsAnyway = loading.onStoreFailure === "load"
  const look = (versioned: boolean) => readUsable(driver, place, loading, versioned)
  const id = idOf(place.collection, place.keys[0]!)
  const running = looks.get(id)
  // From now on, `isDropped` tells whether the key was written.
  if (running === first?.look) looks.delete(id)
  else outdate(running)
  let found: Found = {}
  let failure: unknown
  if (first !== undefined && Result.isFailure(first.read)) failure = first.read.failure
  else {
    const isRead = first !== undefined && !first.look.isStale
    const read = yield* Effect.result(
      Effect.flatMap(isRead ? Effect.fromResult(first.read) : look(false), (found) =>
        // The version is needed to replace the value. The first read does not ask for it, so that a cache can serve that read.
        found.entry !== undefined && found.value === undefined && driver.atomic !== undefined
          ? look(true)
          : Effect.succeed(found)
      )
    )
    if (Result.isSuccess(read)) found = read.success
    else failure = read.failure
  }
  if (found.value !== undefined) return { value: found.value }
  if (failure !== undefined && !loadsAnyway) return { failure }
  if (isClosed()) return yield* layerClosed(place)

  const loaded = yield* Effect.scoped(loading.load)
  const at = { ...place, operation: "put" as const }
  const [entry] = yield* encode(driver, at, [loaded], ttlOf(loading, loaded, place.keys[0]!))
  // Returns what a read would return. The loaded value may have accessors, or be bytes of another realm.
  const value = valueOf(driver, entry!)
  // A closed layer has dropped all loads and stores nothing, so the caller must not be told that the value was stored.
  if (isClosed()) return yield* layerClosed(place)
  // After a failed read, it is not known what the store has, and a write would probably fail, too.
  if (isDropped() || failure !== undefined) return { value }
  const stored = yield* Effect.result(
    Effect.flatMap(storeIfUnchanged(driver, at, entry!, found.entry), (stored) =>
      stored ? Effect.succeed(value) : Effect.map(look(false), (newer) => newer.value ?? value)
    )
  )
  if (Result.isSuccess(stored)) return { value: stored.success }
  if (loadsAnyway) yield* logNotStored(stored.failure, 1)
  return { value, failure: stored.failure }
})

/** Returns `false` if another writer came first. */
const storeIfUnchanged = (
  driver: Driver,
  place: Place,
  entry: Entry,
  replaced: Entry | undefined
): Effect.Effect<boolean, WriteError> =>
  driver.atomic === undefined
    ? Effect.as(driver.put(Calls.put(place, [entry])), true)
    : Effect.map(
        driver.atomic.compareAndPut(Calls.compareAndPut(place, { entry, expected: replaced?.version })),
        (swapped) => swapped !== false
      )
