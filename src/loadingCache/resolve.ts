/** Answers keys: from the store if there are fresh entries, by lookups otherwise. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as slices from "../concurrency/slices.ts"
import type { ReadError, TimeoutError } from "../KeyValueError.ts"
import { copy } from "../Value.ts"
import { refreshAhead, refreshStale } from "./background.ts"
import type { Config } from "./Config.ts"
import type { Outcome } from "./Flights.ts"
import { join, limited, pick } from "./join.ts"
import { type LoadError, load } from "./load.ts"
import type { Parts, Stored } from "./Parts.ts"
import { type Seen, type View, view } from "./view.ts"

export type Answer<A, E> = Result.Result<A, E | LoadError | TimeoutError>

/** Returns the answer of each name, in their order. Fails only if the store does, and the options say so. */
export const resolve = Effect.fnUntraced(function* <A, K, E>(
  parts: Parts<A, K, E>,
  names: ReadonlyArray<string>,
  keys: ReadonlyMap<string, K>
): Effect.fn.Return<ReadonlyArray<Answer<A, E>>, ReadError> {
  const { config, flights } = parts
  const { counters } = config
  const since = flights.step()
  const known = yield* readView(config, names)
  const stored =
    known === undefined ? [] : yield* slices.forEach(known.seen, (seen, i) => read(config, names[i]!, seen), 1)
  const fiber = yield* Effect.withFiber(Effect.succeed<Fiber.Fiber<unknown, unknown>>)

  const missing = names.flatMap((_, i) => (stored[i] === undefined ? [i] : []))
  const stale = names.flatMap((_, i) => (stored[i]?.isFresh === false ? [i] : []))
  yield* refreshAhead(parts, names, keys, stored, fiber)

  const answers: Array<Answer<A, E>> = stored.map((it) => it?.answer as Answer<A, E>)
  if (missing.length > 0 || stale.length > 0) {
    const loaded = yield* awaited(parts, names, keys, { missing, stale, since, known, fiber })
    for (const [i, answer] of loaded) answers[i] = answer
  }
  const errors = stored.filter((it) => it?.isFresh === true && Result.isFailure(it.answer)).length
  counters.answered("miss", missing.length)
  counters.answered("stale", stale.length)
  counters.answered("error", errors)
  counters.answered("hit", names.length - missing.length - stale.length - errors)
  return answers
})

interface Wanted {
  readonly missing: ReadonlyArray<number>
  readonly stale: ReadonlyArray<number>
  readonly since: number
  readonly known: View | undefined
  readonly fiber: Fiber.Fiber<unknown, unknown>
}

/** Waits for the lookups of what is missing, and for those of stale values with `softTimeout`. Returns answers by index. */
const awaited = Effect.fnUntraced(function* <A, K, E>(
  parts: Parts<A, K, E>,
  names: ReadonlyArray<string>,
  keys: ReadonlyMap<string, K>,
  { missing, stale, since, known, fiber }: Wanted
): Effect.fn.Return<Map<number, Answer<A, E>>> {
  const { config } = parts
  const namesOf = (indices: ReadonlyArray<number>) => indices.map((i) => names[i]!)
  const asked = yield* refreshStale(parts, namesOf(stale), keys, fiber)
  const wait = (indices: ReadonlyArray<number>, limit: number) =>
    join(parts, namesOf(indices), keys, { since, view: known && pick(known, indices) }, limit)
  const waitsFor = stale.filter((i) => asked.has(names[i]!))
  const [loaded, renewed] = yield* Effect.all(
    [wait(missing, config.hardTimeout), wait(waitsFor, config.softTimeout ?? config.hardTimeout)],
    { concurrency: 2 }
  )
  const answers = new Map<number, Answer<A, E>>()
  for (const [n, i] of missing.entries()) answers.set(i, yield* answerOf(config, names[i]!, loaded[n]!))
  for (const [n, i] of waitsFor.entries()) {
    const outcome = renewed[n]!
    const isUsable = Result.isSuccess(outcome) && (outcome.success._tag === "value" || outcome.success.isAnswer)
    if (isUsable) answers.set(i, yield* answerOf(config, names[i]!, outcome))
  }
  return answers
})

/** Returns the fresh entries. */
export const peek = Effect.fnUntraced(function* <A, K, E>(
  { config }: Parts<A, K, E>,
  name: string
): Effect.fn.Return<Option.Option<A>, ReadError> {
  const { seen } = yield* view(config, [name])
  const stored = yield* read(config, name, seen[0]!)
  return stored?.isFresh === true ? Result.getSuccess(stored.answer) : Option.none()
})

/** Runs a lookup that begins after this, whatever is stored. */
export const refresh = Effect.fnUntraced(function* <A, K, E>(
  parts: Parts<A, K, E>,
  name: string,
  key: K
): Effect.fn.Return<Answer<A, E>> {
  const { config, flights } = parts
  const since = flights.step()
  const forced = load(config, flights, { keys: new Map([[name, key]]), accepts: () => false })
  const again: Effect.Effect<Outcome<E | LoadError>> = Effect.suspend(() => {
    flights.drop(name)
    return Effect.flatMap(flights.run([name], forced, { since, view: undefined }), ([outcome]) =>
      // Another caller's lookup may have been joined, which accepts what is stored.
      outcome!.origin === "lookup" && outcome!.begun.at > since ? Effect.succeed(outcome!) : again
    )
  })
  const outcome = yield* Effect.result(limited(parts, [name], again, config.hardTimeout))
  return yield* answerOf(config, name, outcome)
})

const readView = <A, K, E>(
  config: Config<A, K, E>,
  names: ReadonlyArray<string>
): Effect.Effect<View | undefined, ReadError> =>
  Effect.matchEffect(view(config, names), {
    onFailure: (error) => {
      const failed = config.health.failed("read", error)
      return config.onStoreFailure === "fail"
        ? Effect.andThen(failed, Effect.fail(error))
        : Effect.as(failed, undefined)
    },
    onSuccess: (view) => Effect.as(config.health.worked(), view)
  })

/** Decodes what is stored. An entry that does not match its schema is missing: an older version of the program wrote it. */
const read = <A, K, E>(
  config: Config<A, K, E>,
  name: string,
  { kept, isFresh }: Seen
): Effect.Effect<Stored<A, E> | undefined> => {
  if (kept === undefined) return Effect.undefined
  const { content } = kept
  if ("error" in content) {
    return Effect.map(config.decodeError(content.error), (it) => it && { kept, isFresh, answer: Result.fail(it.error) })
  }
  return Effect.map(config.decode(name, content.value), (value) =>
    Option.isNone(value) ? undefined : { kept, isFresh, answer: Result.succeed(value.value) }
  )
}

/** Each caller decodes the value for itself, so that callers share nothing that can be changed. */
const answerOf = <A, K, E>(
  config: Config<A, K, E>,
  name: string,
  result: Result.Result<Outcome<E | LoadError>, TimeoutError>
): Effect.Effect<Answer<A, E>> => {
  if (Result.isFailure(result)) return Effect.succeed(Result.fail(result.failure))
  const outcome = result.success
  if (outcome._tag === "error") return Effect.succeed(Result.fail(outcome.error))
  return Effect.map(config.decode(name, copy(outcome.value)), (value) =>
    Option.isSome(value) ? Result.succeed(value.value) : Result.fail(config.unreadable(name))
  )
}
