/** The boundary between applications and drivers. Names, values and TTLs are checked here and nowhere else. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Entry } from "../Entry.ts"
import { InvalidKeyError, InvalidTtlError, type Operation, type Place, SerializationError } from "../KeyValueError.ts"
import { atNow } from "../time/atNow.ts"
import { Payload, type Value } from "../Value.ts"
import type { Driver } from "./Driver.ts"
import * as names from "./names.ts"
import { expiry } from "./ttl.ts"

/** Reads all items at once, because the effect may run again and an iterator cannot. An iterator that throws is a defect. */
export const withItems = <A, B, E, R>(
  items: Iterable<A>,
  run: (items: ReadonlyArray<A>) => Effect.Effect<B, E, R>
): Effect.Effect<B, E, R> => {
  const taken = Result.try(() => Array.from(items))
  return Result.isSuccess(taken) ? Effect.suspend(() => run(taken.success)) : Effect.die(taken.failure)
}

/** Checks the collection and the keys, then runs the operation with its place. */
export const withPlace = <A, E, R = never>(
  driver: Driver,
  operation: Operation,
  keys: ReadonlyArray<string>,
  options: { readonly collection?: string | undefined } | undefined,
  run: (place: Place) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | InvalidKeyError, R> => {
  const collection = options?.collection || driver.defaultCollection
  const place = { operation, collection, keys }
  const problem = names.problemOf(collection, "collection")
  if (problem !== undefined) {
    const shown = { collection: names.shown(collection), keys: keys.map(names.shown) }
    return Effect.fail(new InvalidKeyError({ operation, ...shown, reason: problem }))
  }
  for (const key of keys) {
    const reason = names.problemOf(key, "key")
    if (reason !== undefined) return Effect.fail(new InvalidKeyError({ ...place, keys: [names.shown(key)], reason }))
  }
  return run(place)
}

/** Checks a prefix. Stores compare UTF-8, in which half of a surrogate pair would match other names. */
export const withPrefix = <A, E, R = never>(
  place: Place,
  prefix: string | undefined,
  run: (prefix: string) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | InvalidKeyError, R> => {
  const reason = names.problemOf(prefix ?? "", "prefix")
  return reason === undefined ? run(prefix ?? "") : Effect.fail(new InvalidKeyError({ ...place, reason }))
}

/** The upper limit of {@link atATime}, whatever the caller asks for. */
const maxAtATime = 10_000

/** Returns how many items to process at a time: `count`, rounded down and at most 10,000, or `otherwise` if it is below 1. */
export const atATime = (count: number | undefined, otherwise: number): number =>
  count !== undefined && count >= 1 ? Math.floor(Math.min(count, maxAtATime)) : otherwise

/** Returns the value of an entry as callers of this driver read it. Nothing else turns a payload into a value. */
export const valueOf = (driver: Pick<Driver, "exactIntegers">, entry: Entry): Value =>
  entry.payload.toValue(driver.exactIntegers)

/** Validates and copies values, and makes entries with the current time and the expiry. */
export const encode = (
  driver: Pick<Driver, "exactIntegers" | "prefersText">,
  place: Place,
  values: ReadonlyArray<unknown>,
  ttl: Duration.Input | undefined
): Effect.Effect<ReadonlyArray<Entry>, SerializationError | InvalidTtlError> =>
  atNow((now) => encodeAt(driver, now, place, values, ttl))

/** How many values are encoded before other fibers may run. Values of ordinary size take a few milliseconds. */
const sliceLength = 2000

/**
 * Like {@link encode}, with a given time. An entry with a TTL of its own (`ttls`) does not get the common one. A large batch
 * lets other fibers run in between. A small one takes no fiber step.
 */
export const encodeAt = (
  driver: Pick<Driver, "exactIntegers" | "prefersText">,
  createdAt: number,
  place: Place,
  values: ReadonlyArray<unknown>,
  ttl: Duration.Input | undefined,
  ttls?: ReadonlyArray<Duration.Input | undefined>
): Effect.Effect<ReadonlyArray<Entry>, SerializationError | InvalidTtlError> => {
  const expiresAt = expiry(ttl, createdAt)
  if (Result.isFailure(expiresAt)) return Exit.fail(new InvalidTtlError({ ...place, ttl, reason: expiresAt.failure }))
  const entries: Array<Entry> = []
  const as = { exactIntegers: driver.exactIntegers, asText: driver.prefersText }
  const go = (from: number): Effect.Effect<ReadonlyArray<Entry>, SerializationError | InvalidTtlError> => {
    const to = Math.min(from + sliceLength, values.length)
    for (let i = from; i < to; i++) {
      const payload = Payload.from(values[i], as)
      if (Result.isFailure(payload)) {
        return Exit.fail(new SerializationError({ ...place, keys: [place.keys[i] as string], ...payload.failure }))
      }
      const own = ttls?.[i]
      const ends = own === undefined ? expiresAt : expiry(own, createdAt)
      if (Result.isFailure(ends)) {
        const keys = [place.keys[i] as string]
        return Exit.fail(new InvalidTtlError({ ...place, keys, ttl: own, reason: ends.failure }))
      }
      entries.push({ payload: payload.success, createdAt, expiresAt: ends.success })
    }
    return to === values.length ? Exit.succeed(entries) : Effect.flatMap(Effect.yieldNow, () => go(to))
  }
  return go(0)
}
