/** Loads keys: asks the store again, then runs the lookup, then stores what it returned. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Load } from "../concurrency/SingleFlight.ts"
import { type DeserializationError, InvalidKeyError, type SerializationError } from "../KeyValueError.ts"
import { monotonicMillis } from "../time/clock.ts"
import type { Value } from "../Value.ts"
import type { Config } from "./Config.ts"
import type { Kept } from "./envelope.ts"
import type { Answer, Begun, Flights, Outcome } from "./Flights.ts"
import { type Filling, fill, shortened, tagsOf, ttlOf } from "./fill.ts"
import { markTtl } from "./limits.ts"
import { lookUp } from "./lookUp.ts"
import { underLease } from "./underLease.ts"
import { type Before, before } from "./view.ts"

/** What a lookup can fail with, besides its own error. */
export type LoadError = SerializationError | DeserializationError | InvalidKeyError

export interface Loading<K> {
  /** The keys by their names. */
  readonly keys: ReadonlyMap<string, K>
  /** Whether a fresh entry that another process has stored in the meantime can be used instead of a lookup. */
  readonly accepts: (name: string, kept: Kept) => boolean
}

/** Makes a load for callers to share. */
export const load = <A, K, E>(
  config: Config<A, K, E>,
  flights: Flights<E | LoadError>,
  loading: Loading<K>
): Load<Outcome<E | LoadError>, never, never> => {
  const { lease } = config
  return (names, isDropped) => {
    let begun: ReadonlyMap<string, Begun> = new Map()
    const looked = Effect.suspend(() => look(config, flights.step(), names, loading))
    const ended = (state: State<E>) =>
      Effect.suspend(() => {
        if (state.missing.length > 0) begun = flights.begin(names, state.known)
        return lookUpMissing(config, flights, { ...loading, names, state, begun, isDropped })
      })
    return Effect.onExitPrimitive(
      lease === undefined || names.length > 1
        ? Effect.flatMap(looked, ended)
        : underLease(lease, names[0]!, { look: looked, isDone, end: ended }),
      // Also a lookup that has ended can be joined, while its lease is released.
      () => flights.end(begun) as undefined
    )
  }
}

/** What is known before a lookup begins. */
interface State<E> {
  readonly known: Before | undefined
  readonly outcomes: Map<string, Outcome<E | LoadError>>
  readonly missing: ReadonlyArray<string>
}

/** Whether nothing is to be looked up, or the store fails, so that there is no lease either. */
const isDone = ({ known, missing }: State<unknown>): boolean => known === undefined || missing.length === 0

/** Asks the store for what other processes have stored in the meantime. */
const look = Effect.fnUntraced(function* <A, K, E>(
  config: Config<A, K, E>,
  at: number,
  names: ReadonlyArray<string>,
  { accepts }: Loading<K>
): Effect.fn.Return<State<E>> {
  const known = yield* readBefore(config, names)
  const outcomes = new Map<string, Outcome<E | LoadError>>()
  for (const [i, name] of names.entries()) {
    const seen = known?.seen[i]
    if (seen?.kept === undefined || !seen.isFresh || !accepts(name, seen.kept)) continue
    const outcome = yield* storedOutcome(config, name, seen.kept)
    if (outcome !== undefined) outcomes.set(name, { ...outcome, origin: "store", at })
  }
  return { known, outcomes, missing: names.filter((name) => !outcomes.has(name)) }
})

interface Work<K, E> extends Loading<K> {
  readonly names: ReadonlyArray<string>
  readonly state: State<E>
  readonly begun: ReadonlyMap<string, Begun>
  readonly isDropped: (name: string) => boolean
}

const lookUpMissing = <A, K, E>(
  config: Config<A, K, E>,
  flights: Flights<E | LoadError>,
  work: Work<K, E>
): Effect.Effect<ReadonlyArray<Outcome<E | LoadError>>> =>
  Effect.clockWith((clock) => {
    const { names, state } = work
    const { outcomes, missing } = state
    if (missing.length === 0) return Effect.succeed(names.map((name) => outcomes.get(name)!))
    const looking = Effect.onExitPrimitive(lookUpAndFill(config, work), (exit) => {
      // A lookup that dies has failed, too.
      if (exit._tag === "Failure" && Cause.hasDies(exit.cause)) {
        for (const name of missing) flights.ended(name, true, monotonicMillis(clock))
      }
      return undefined
    })
    return Effect.map(looking, (ended) => {
      const time = monotonicMillis(clock)
      for (const [name, outcome] of ended) {
        flights.ended(name, outcome._tag === "error" && !outcome.isAnswer, time)
        outcomes.set(name, { ...outcome, origin: "lookup", begun: work.begun.get(name)! })
      }
      return names.map((name) => outcomes.get(name)!)
    })
  })

/** Returns `undefined` if the store fails. Nothing is stored then, because the generations are not known. */
const readBefore = <A, K, E>(
  { health, ...config }: Config<A, K, E>,
  names: ReadonlyArray<string>
): Effect.Effect<Before | undefined> =>
  Effect.catch(Effect.tap(before({ health, ...config }, names), health.worked()), (error) =>
    Effect.as(health.failed("read", error), undefined)
  )

/** Returns `undefined` for what does not match its schema. */
const storedOutcome = <A, K, E>(
  config: Config<A, K, E>,
  name: string,
  { content }: Kept
): Effect.Effect<Answer<E> | undefined> =>
  "value" in content
    ? Effect.map(config.decode(name, content.value), (it) =>
        Option.isSome(it) ? valueOutcome(content.value) : undefined
      )
    : Effect.map(config.decodeError(content.error), (it) => it && { _tag: "error", error: it.error, isAnswer: true })

const lookUpAndFill = Effect.fnUntraced(function* <A, K, E>(
  config: Config<A, K, E>,
  { keys, names, state: { known, missing }, isDropped }: Work<K, E>
) {
  const clock = yield* Clock.Clock
  const began = monotonicMillis(clock)
  const asked = missing.map((name) => keys.get(name)!)
  const looking = lookUp(config, asked)
  // Without the store, every caller needs the lookup.
  const results = yield* known === undefined ? config.limit.within(missing, looking) : looking
  const times = { began, ended: monotonicMillis(clock), endedAt: clock.currentTimeMillisUnsafe() }

  const outcomes = new Map<string, Answer<E | LoadError>>()
  const fillings: Array<Filling> = []
  for (const [i, name] of missing.entries()) {
    const { outcome, filling } = yield* made(config, name, asked[i]!, results[i]!)
    outcomes.set(name, outcome)
    if (filling !== undefined) fillings.push(filling)
  }
  if (known !== undefined && fillings.length > 0) {
    const found = new Map(names.map((name, i) => [name, known.found[i]!]))
    yield* fill(config, fillings, known, found, times, isDropped)
  }
  return outcomes
})

interface Made<E> {
  readonly outcome: Answer<E>
  readonly filling?: Filling
}

/** Encodes what a lookup returned, and asks the callbacks of the options. If one of them throws, that is a defect. */
const made = <A, K, E>(
  config: Config<A, K, E>,
  name: string,
  key: K,
  result: Result.Result<A, E>
): Effect.Effect<Made<E | LoadError>> =>
  Result.isFailure(result) ? ofError(config, name, result.failure) : ofValue(config, name, key, result.success)

const ofValue = <A, K, E>(
  config: Config<A, K, E>,
  name: string,
  key: K,
  value: A
): Effect.Effect<Made<E | LoadError>> =>
  Effect.match(config.encode(key, value), {
    onFailure: (error): Made<LoadError> => failed(error),
    onSuccess: (encoded): Made<LoadError> => {
      const tags = tagsOf(config, value, key)
      if (tags instanceof InvalidKeyError) return failed(tags)
      const ttl = ttlOf(config, value, key)
      const filling =
        ttl < 1
          ? { name, content: undefined, ttl: markTtl, staleFor: 0, tags: [] }
          : { name, content: { value: encoded }, ttl, staleFor: config.staleFor, tags }
      return { outcome: valueOutcome(encoded), filling }
    }
  })

const valueOutcome = (value: Value): Answer<never> => ({ _tag: "value", value })

const failed = <E>(error: E, isAnswer = false): Made<E> => ({
  outcome: { _tag: "error", error, isAnswer }
})

const ofError = <A, K, E>(config: Config<A, K, E>, name: string, error: E): Effect.Effect<Made<E>> =>
  Effect.map(config.encodeError(error), (kept): Made<E> => {
    if (kept === undefined) return failed(error)
    const ttl = shortened(kept.ttl, config.jitter, config.store)
    const made = failed(error, true)
    return ttl < 1 ? made : { ...made, filling: { name, content: { error: kept.error }, ttl, staleFor: 0, tags: [] } }
  })
