/** Waits for lookups that callers share. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as slices from "../concurrency/slices.ts"
import type { TimeoutError } from "../KeyValueError.ts"
import { withinBudget } from "../time/budget.ts"
import { waitAtMost } from "../time/waitAtMost.ts"
import type { Outcome } from "./Flights.ts"
import { type LoadError, load } from "./load.ts"
import type { Parts } from "./Parts.ts"
import type { View } from "./view.ts"

/** Waits for lookups, at most for `limit` milliseconds. */
export const join = <A, K, E>(
  parts: Parts<A, K, E>,
  names: ReadonlyArray<string>,
  keys: ReadonlyMap<string, K>,
  at: { readonly since: number; readonly view: View | undefined },
  limit: number
): Effect.Effect<ReadonlyArray<Result.Result<Outcome<E | LoadError>, TimeoutError>>> => {
  if (names.length === 0) return Effect.succeed([])
  const { config, flights } = parts
  const loading = load(config, flights, { keys, accepts: () => true })
  const outcomes: Array<Outcome<E | LoadError> | undefined> = names.map(() => undefined)
  /** Waits for the lookups of some of the names. */
  const some = (indices: ReadonlyArray<number>) =>
    Effect.withFiber((fiber) => {
      const wanted = indices.map((i) => names[i]!)
      for (const name of wanted) if (config.limit.mayBlock(fiber, name)) flights.drop(name)
      return Effect.map(flights.run(wanted, loading, { ...at, view: at.view && pick(at.view, indices) }), (ended) => {
        for (const [n, i] of indices.entries()) outcomes[i] = ended[n]
      })
    })
  const run: Effect.Effect<unknown> =
    config.lookupMany === undefined && names.length > 1
      ? slices.forEach(names, (_, i) => some([i]), config.concurrency)
      : some([...names.keys()])
  // A slow lookup does not take the outcomes of the others away.
  return Effect.map(Effect.result(limited(parts, names, run, limit)), (ended) =>
    outcomes.map((outcome) =>
      outcome === undefined
        ? Result.fail((ended as Result.Failure<unknown, TimeoutError>).failure)
        : Result.succeed(outcome)
    )
  )
}

export const limited = <A, K, E, B>(
  { config }: Parts<A, K, E>,
  names: ReadonlyArray<string>,
  effect: Effect.Effect<B>,
  limit: number
): Effect.Effect<B, TimeoutError> => {
  const place = config.store.place(names.length === 1 ? "get" : "getMany", names)
  if (limit === Number.POSITIVE_INFINITY) return withinBudget(effect, place)
  return Effect.withFiber((fiber) => withinBudget(waitAtMost(fiber, limit, effect, { place }), place))
}

export const pick = ({ all, epoch, seen }: View, indices: ReadonlyArray<number>): View => ({
  all,
  epoch,
  seen: indices.map((i) => seen[i]!)
})
