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
  const run =
    config.lookupMany === undefined && names.length > 1
      ? slices.forEach(
          names,
          (name, i) =>
            Effect.map(flights.run([name], loading, { ...at, view: at.view && pick(at.view, [i]) }), ([it]) => it!),
          config.concurrency
        )
      : flights.run(names, loading, at)
  return Effect.map(
    Effect.result(limited(parts, names, run, limit)),
    Result.match({
      onFailure: (error) => names.map(() => Result.fail(error)),
      onSuccess: (outcomes) => outcomes.map((outcome) => Result.succeed(outcome))
    })
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
