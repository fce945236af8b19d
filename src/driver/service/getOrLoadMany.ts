import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as slices from "../../concurrency/slices.ts"
import type { Entry } from "../../Entry.ts"
import type { Place, ReadError, TimeoutError, WriteError } from "../../KeyValueError.ts"
import { atNow } from "../../time/atNow.ts"
import { withinBudget } from "../../time/budget.ts"
import { copy, type Value } from "../../Value.ts"
import { encodeAt, valueOf } from "../boundary.ts"
import * as Calls from "../Calls.ts"
import type { Driver } from "../Driver.ts"
import { idsOf } from "../ids.ts"
import { layerClosed } from "../layerClosed.ts"
import { type LoadOptions, logNotStored, type Outcome, ttlOf } from "./loading.ts"
import { isEntryError, readEach } from "./readEach.ts"
import { outdate, served } from "./served.ts"

/** How to load the values that the store does not have. */
export interface LoadingMany<E, R, E2 = never, R2 = never> extends LoadOptions<E2, R2> {
  /** Loads the values of keys. A key that it does not return stays missing. */
  readonly load: (missing: ReadonlyArray<string>) => Effect.Effect<Iterable<readonly [string, Value]>, E, R>
}

/**
 * Returns the values of keys, in their order. Values that are missing are loaded together, by one load. `undefined` is a key
 * that the load did not return.
 *
 * Callers that ask for the same key at the same time share its read and its load (also with `getOrLoad`). All reads run in the
 * shared load, since a fiber costs little next to a batch.
 */
export const getOrLoadMany = <E, R, E2 = never, R2 = never>(
  driver: Driver,
  place: Place,
  loading: LoadingMany<E, R, E2, R2>
): Effect.Effect<
  ReadonlyArray<Value | undefined>,
  E | E2 | ReadError | WriteError | TimeoutError,
  Exclude<R, Scope.Scope> | R2
> =>
  Effect.suspend(() => {
    const { loads, isWriting } = served(driver)
    const all = idsOf(place)
    const keyOf = new Map(all.map((id, i) => [id, place.keys[i]!]))
    const loadsAnyway = loading.onStoreFailure === "load"
    const values = new Map<string, Value | undefined>()
    type Result = Effect.Effect<void, E | E2 | ReadError | WriteError, Exclude<R, Scope.Scope> | R2>
    const join = (ids: ReadonlyArray<string>): Result =>
      Effect.flatMap(
        loads.runMany(ids, (ids, isDropped) =>
          lookOrLoad(
            driver,
            { ...place, keys: ids.map((id) => keyOf.get(id)!) },
            loading,
            (i) => isDropped(ids[i]!) || isWriting(ids[i]!)
          )
        ),
        (outcomes): Result => {
          const failed = loadsAnyway ? undefined : outcomes.find(({ failure }) => failure !== undefined)
          if (failed !== undefined) return Effect.fail(failed.failure as ReadError | WriteError)
          const again: Array<string> = []
          const take = (i: number) => {
            const { value, failure } = outcomes[i]!
            // Without a value, this caller has joined a load that stopped at a failed read.
            if (value === undefined && failure !== undefined) again.push(ids[i]!)
            else values.set(ids[i]!, value)
          }
          return slices.eachInSlices(outcomes.length, take, () => (again.length === 0 ? Effect.void : join(again)))
        }
      )
    return Effect.andThen(
      withinBudget(join([...keyOf.keys()]), place),
      Effect.suspend(() =>
        slices.map(all, (id) => {
          const value = values.get(id)
          return value === undefined ? undefined : copy(value)
        })
      )
    )
  })

/** How many conditional writes run at a time. */
const concurrency = 16

/** Reads the keys, loads those without a usable value, and stores what was loaded. */
const lookOrLoad = Effect.fnUntraced(function* <E, R, E2, R2>(
  driver: Driver,
  place: Place,
  loading: LoadingMany<E, R, E2, R2>,
  isDropped: (index: number) => boolean
): Effect.fn.Return<ReadonlyArray<Outcome>, E | E2 | ReadError | WriteError, Exclude<R, Scope.Scope> | R2> {
  const { isClosed, looks } = served(driver)
  const { keys } = place
  if (looks.size > 0) for (const id of idsOf(place)) outdate(looks.get(id))
  const loadsAnyway = loading.onStoreFailure === "load"
  const outcomes: Array<Outcome> = keys.map(() => ({}))
  const missing: Array<number> = []
  const replaced = new Map<number, Entry>()
  const get = (keys: ReadonlyArray<string>, versioned: boolean) =>
    served(driver).driver.get(Calls.get({ ...place, keys }, { versioned }))
  /** Keeps the value of an entry if it can be used, and the entry otherwise, to replace it. */
  const take = (i: number, entry: Entry | undefined): Effect.Effect<void, E2, R2> => {
    replaced.delete(i)
    if (entry === undefined) return Effect.void
    const value = valueOf(driver, entry)
    const use = (isUsable: boolean) => void (isUsable ? (outcomes[i] = { value }) : replaced.set(i, entry)) as undefined
    return loading.isUsable === undefined
      ? Effect.sync(() => use(true))
      : Effect.map(loading.isUsable(value, keys[i]!), use)
  }
  const read = (indices: ReadonlyArray<number>, versioned: boolean) =>
    Effect.flatMap(
      get(
        indices.map((i) => keys[i]!),
        versioned
      ),
      (entries) => slices.forEach(entries, (entry, at) => take(indices[at]!, entry), 1)
    )

  const all = keys.map((_, i) => i)
  /** The keys whose read failed. They are loaded, and the loaded values are not stored. */
  const unread = new Set<number>()
  const first = yield* Effect.result(
    Effect.andThen(
      read(all, false),
      // The versions are needed to replace values that cannot be used.
      Effect.suspend(() =>
        driver.atomic === undefined || replaced.size === 0 ? Effect.void : read([...replaced.keys()], true)
      )
    )
  )
  if (Result.isFailure(first)) {
    const { failure } = first
    if (!loadsAnyway) return keys.map(() => ({ failure }))
    for (const i of all) unread.add(i)
    // A damaged entry must not keep the values of the other keys from being read and stored.
    if (isEntryError(failure as ReadError)) {
      const results = new Map<string, Result.Result<Entry | undefined, unknown>>()
      yield* Effect.ignore(
        readEach(
          (keys) => get(keys, true),
          keys,
          isEntryError,
          (key, result) => results.set(key, result)
        )
      )
      for (const i of all) {
        const result = results.get(keys[i]!)
        if (result === undefined || Result.isFailure(result)) continue
        unread.delete(i)
        yield* take(i, result.success)
      }
    }
  }
  if (isClosed()) return yield* layerClosed(place)
  for (const i of all) if (outcomes[i]!.value === undefined) missing.push(i)
  if (missing.length === 0) return outcomes

  const load = Effect.suspend(() => loading.load(missing.map((i) => keys[i]!)))
  const loaded = new Map(yield* Effect.scoped(load))
  const found = missing.filter((i) => loaded.get(keys[i]!) !== undefined)
  if (found.length === 0) return outcomes
  const values = found.map((i) => loaded.get(keys[i]!)!)
  const at = { ...place, operation: "putMany" as const, keys: found.map((i) => keys[i]!) }
  const ttls = found.map((i, at) => ttlOf(loading, values[at]!, keys[i]!))
  const entries = yield* atNow((now) => encodeAt(driver, now, at, values, undefined, ttls))
  found.forEach((i, at) => {
    outcomes[i] = { value: valueOf(driver, entries[at]!) }
  })
  if (isClosed()) return yield* layerClosed(place)
  const kept = found.flatMap((i, at) => (isDropped(i) || unread.has(i) ? [] : [{ i, entry: entries[at]! }]))
  const fails = (i: number, failure: unknown) => void (outcomes[i] = { ...outcomes[i], failure }) as undefined
  const lost: Array<number> = []
  const { atomic } = driver
  if (atomic !== undefined) {
    const write = ({ i, entry }: (typeof kept)[number]) =>
      Effect.suspend(() =>
        // The key may have been written while other keys of this batch were.
        isDropped(i)
          ? Effect.void
          : Effect.match(
              atomic.compareAndPut(
                Calls.compareAndPut({ ...at, keys: [keys[i]!] }, { entry, expected: replaced.get(i)?.version })
              ),
              {
                onSuccess: (swapped) => void (swapped === false && lost.push(i)),
                onFailure: (failure) => fails(i, failure)
              }
            )
      )
    yield* slices.forEach(kept, write, concurrency)
  } else if (kept.length > 0) {
    const place = { ...at, keys: kept.map(({ i }) => keys[i]!) }
    const put = driver.put(
      Calls.put(
        place,
        kept.map(({ entry }) => entry)
      )
    )
    const stored = yield* Effect.result(put)
    if (Result.isFailure(stored)) for (const { i } of kept) fails(i, stored.failure)
  }
  if (lost.length > 0) {
    const newer = yield* Effect.result(read(lost, false))
    if (Result.isFailure(newer)) for (const i of lost) fails(i, newer.failure)
  }
  const failed = outcomes.filter(({ failure }) => failure !== undefined)
  if (loadsAnyway && failed.length > 0) yield* logNotStored(failed[0]!.failure, failed.length)
  return outcomes
})
