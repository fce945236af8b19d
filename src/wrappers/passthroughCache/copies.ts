/**
 * The copies in the cache, which may fail in any way, at any time and late: a failure is a miss, and a copy that could not
 * be removed, or may have been written after its removal, is invalid.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { eachInSlices } from "../../concurrency/slices.ts"
import * as Call from "../../driver/Call.ts"
import { idsOf } from "../../driver/ids.ts"
import type { Entry } from "../../Entry.ts"
import { detached } from "../common/detached.ts"
import type { AskedAt } from "./Freshness.ts"
import { type Found, type Parts, pick, type Read } from "./Parts.ts"
import { steadyMillis } from "./steady.ts"

type Keyed = Call.Get | Call.Put | Call.Delete | Call.CompareAndPut | Call.Increment

/** Reads copies, some of which may be invalid. */
export const getCopies = (parts: Parts, call: Call.Get): Effect.Effect<ReadonlyArray<Found>> =>
  attempt(parts, parts.cache.get(call), call.keys.length, (): ReadonlyArray<Found> => [])

/** Copies what the store returned, unless a write has come in between. The copy of a missing key is removed. */
export const makeCopies = (
  parts: Parts,
  read: Read,
  found: ReadonlyArray<Found>,
  askedAt: AskedAt,
  isDropped: (id: string) => boolean
): Effect.Effect<void> =>
  Effect.clockWith((clock) => {
    const { freshness, validity } = parts
    const now = clock.currentTimeMillisUnsafe()
    const kept: Array<number> = []
    const entries: Array<Entry> = []
    const gone: Array<number> = []
    const sort = (i: number) => {
      const entry = found[i]
      const id = read.ids[i]!
      const times = entry && freshness.timesOf(entry, askedAt)
      if (times === undefined || times.expiresAt <= now) gone.push(i)
      else if (!isDropped(id) && validity.mayKeep(id, askedAt.steady)) {
        kept.push(i)
        entries.push({ payload: entry!.payload, ...times })
      }
    }
    return eachInSlices(found.length, sort, () => {
      const put = kept.length === 0 ? Effect.void : putCopies(parts, pick(read, kept), entries, isDropped)
      return gone.length === 0 || !freshness.outlivesItsFreshness
        ? put
        : Effect.andThen(put, removeCopies(parts, Call.pick(read.call, gone)))
    })
  })

/** A write may have come while the copies were being made: then they are removed again. */
const putCopies = (
  parts: Parts,
  { call, ids }: Read,
  entries: ReadonlyArray<Entry>,
  isDropped: (id: string) => boolean
): Effect.Effect<void> => {
  const removeDropped = Effect.suspend(() => {
    const dropped = ids.flatMap((id, i) => (isDropped(id) ? [i] : []))
    return dropped.length === 0 ? Effect.void : removeCopies(parts, Call.pick(call, dropped))
  })
  return parts.validity.beingCopied.during(ids, () => {
    const put = parts.cache.put({ ...Call.toDelete(call), _tag: "put", entries })
    return Effect.ensuring(invalidatingUnless(parts, put, call), removeDropped)
  })
}

export const removeCopies = (parts: Parts, call: Keyed): Effect.Effect<void> =>
  invalidatingUnless(parts, parts.cache.delete(detached(Call.toDelete(call))), call)

export const clearCopies = (parts: Parts, call: Call.Clear): Effect.Effect<void> => {
  const invalidate = (now: number) => parts.validity.invalidations.addAll(now)
  const from = (cursor: Call.Cursor): Effect.Effect<void, unknown> =>
    Effect.flatMap(parts.cache.maintenance!.clear({ ...detached(call), cursor }), ({ next }) =>
      next === undefined ? Effect.void : from(next)
    )
  return attempt(parts, onInterrupt(from(undefined), invalidate), 1, invalidate)
}

/** Invalidates copies unless the cache reports success: what it may have done, it may also do later. */
const invalidatingUnless = (
  parts: Parts,
  effect: Effect.Effect<unknown, unknown>,
  call: Keyed
): Effect.Effect<void> => {
  const invalidate = (now: number) => parts.validity.invalidate(idsOf(call), now)
  return attempt(parts, Effect.asVoid(onInterrupt(effect, invalidate)), call.keys.length, invalidate)
}

/** A failure or a defect of the cache is counted, and no caller fails with it. */
const attempt = <A>(
  { counters }: Parts,
  effect: Effect.Effect<A, unknown>,
  keys: number,
  orElse: (now: number) => A
): Effect.Effect<A> =>
  Effect.catchCause(effect, () => {
    counters.error(keys)
    return atSteady(orElse)
  })

/** Does something at a time by `steadyMillis`. */
export const atSteady = <A>(f: (now: number) => A): Effect.Effect<A> =>
  Effect.withFiber((fiber) => Effect.succeed(f(steadyMillis(fiber.getRef(Clock.Clock)))))

const onInterrupt = <A>(effect: Effect.Effect<A, unknown>, f: (now: number) => void): Effect.Effect<A, unknown> =>
  Effect.onInterrupt(effect, () => atSteady(f))
