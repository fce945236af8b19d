/** Runs the lookups of an application. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as slices from "../concurrency/slices.ts"
import { isTraced } from "../telemetry/isTraced.ts"
import { monotonicMillis } from "../time/clock.ts"
import { shownName } from "../value/oneLine.ts"
import type { Config } from "./Config.ts"

/** Looks keys up, by one call of `lookupMany` if there is one. Returns what became of each key, in the order of the keys. */
export const lookUp = <A, K, E>(
  config: Config<A, K, E>,
  keys: ReadonlyArray<K>
): Effect.Effect<ReadonlyArray<Result.Result<A, E>>> => {
  const one = (key: K) => Effect.result(measured(config, () => config.lookup(key)))
  const each = (keys: ReadonlyArray<K>) => slices.forEach(keys, one, config.concurrency)
  const { lookupMany } = config
  if (lookupMany === undefined || keys.length === 1) return each(keys)
  return Effect.flatMap(
    Effect.result(measured(config, () => lookupMany(keys))),
    Result.match({
      onFailure: (error) => Effect.succeed(keys.map(() => Result.fail(error))),
      onSuccess: Effect.fnUntraced(function* (entries) {
        const found = new Map<string | undefined, A>()
        for (const [key, value] of entries) found.set(yield* config.nameOf(key), value)
        const names = yield* slices.forEach(keys, config.nameOf, 1)
        const left = keys.filter((_, i) => !found.has(names[i]))
        // `lookup` knows how to say that there is no such key.
        const rest = (yield* each(left))[Symbol.iterator]()
        return names.map(
          (name): Result.Result<A, E> => (found.has(name) ? Result.succeed(found.get(name) as A) : rest.next().value!)
        )
      })
    })
  )
}

/** Counts a call and its duration, in a span of its own. */
const measured = <A, K, E, B>(
  { collection, counters }: Config<A, K, E>,
  call: () => Effect.Effect<B, E>
): Effect.Effect<B, E> =>
  Effect.withFiber((fiber) => {
    const clock = fiber.getRef(Clock.Clock)
    const began = monotonicMillis(clock)
    const counted = Effect.onExitPrimitive(Effect.suspend(call), (exit) => {
      counters.lookedUp(Exit.isSuccess(exit) ? "success" : "failure", monotonicMillis(clock) - began)
      return undefined
    })
    if (!isTraced(fiber)) return counted
    return Effect.withSpan(counted, `lookup ${shownName(collection)}`, { kind: "internal", captureStackTrace: false })
  })
