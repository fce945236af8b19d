import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { eachInSlices } from "../../concurrency/slices.ts"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import type { Entry } from "../../Entry.ts"
import { detached } from "../common/detached.ts"
import type { Counters } from "./counters.ts"
import type { AskedAt, Freshness } from "./Freshness.ts"
import { steadyMillis } from "./steady.ts"
import type { Validity } from "./Validity.ts"

/** The entry of a key; `undefined` for a miss. */
export type Found = Entry | undefined

/**
 * The copies in the cache, which may fail in any way, at any time and late: a failure is a miss, and a copy that could not
 * be removed, or may have been written after its removal, is invalid.
 */
export class Copies {
  private readonly cache: Driver
  private readonly freshness: Freshness
  private readonly validity: Validity
  private readonly counters: Counters

  constructor(cache: Driver, freshness: Freshness, validity: Validity, counters: Counters) {
    this.cache = cache
    this.freshness = freshness
    this.validity = validity
    this.counters = counters
  }

  /** Reads copies, some of which may be invalid. */
  get(call: Call.Get): Effect.Effect<ReadonlyArray<Found>> {
    return this.attempt(this.cache.get(call), call.keys.length, (): ReadonlyArray<Found> => [])
  }

  /** Copies what the store returned, unless a write has come in between. The copy of a missing key is removed. */
  make(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    found: ReadonlyArray<Found>,
    askedAt: AskedAt,
    isDropped: (id: string) => boolean
  ): Effect.Effect<void> {
    return Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const kept: Array<number> = []
      const entries: Array<Entry> = []
      const gone: Array<number> = []
      const sort = (i: number) => {
        const entry = found[i]
        const times = entry && this.freshness.timesOf(entry, askedAt)
        if (times === undefined || times.expiresAt <= now) gone.push(i)
        else if (!isDropped(ids[i]!) && this.validity.mayKeep(ids[i]!, askedAt.steady)) {
          kept.push(i)
          entries.push({ payload: entry!.payload, ...times })
        }
      }
      return eachInSlices(found.length, sort, () => {
        const put = kept.length === 0 ? Effect.void : this.put(call, ids, kept, entries, isDropped)
        return gone.length === 0 || !this.freshness.outlivesItsFreshness
          ? put
          : Effect.andThen(put, this.remove(Call.pick(call, gone), pick(ids, gone)))
      })
    })
  }

  remove(
    call: Call.Get | Call.Put | Call.Delete | Call.CompareAndPut,
    ids: ReadonlyArray<string>
  ): Effect.Effect<void> {
    return this.invalidatingUnless(this.cache.delete(detached(Call.toDelete(call))), ids)
  }

  clear(call: Call.Clear): Effect.Effect<void> {
    const invalidate = (now: number) => this.validity.invalidations.addAll(now)
    const from = (cursor: Call.Cursor): Effect.Effect<void, unknown> =>
      Effect.flatMap(this.cache.maintenance!.clear({ ...detached(call), cursor }), ({ next }) =>
        next === undefined ? Effect.void : from(next)
      )
    return this.attempt(onInterrupt(from(undefined), invalidate), 1, invalidate)
  }

  /** A write may have come while the copies were being made: then they are removed again. */
  private put(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    kept: ReadonlyArray<number>,
    entries: ReadonlyArray<Entry>,
    isDropped: (id: string) => boolean
  ): Effect.Effect<void> {
    const { _tag, ...names } = Call.toDelete(Call.pick(call, kept))
    const keptIds = pick(ids, kept)
    const removeDropped = Effect.suspend(() => {
      const dropped = kept.filter((i) => isDropped(ids[i]!))
      return dropped.length === 0 ? Effect.void : this.remove(Call.pick(call, dropped), pick(ids, dropped))
    })
    return this.validity.beingCopied.during(keptIds, () =>
      Effect.ensuring(
        this.invalidatingUnless(this.cache.put({ ...names, _tag: "put", entries }), keptIds),
        removeDropped
      )
    )
  }

  /** Invalidates copies unless the cache reports success: what it may have done, it may also do later. */
  private invalidatingUnless(effect: Effect.Effect<unknown, unknown>, ids: ReadonlyArray<string>): Effect.Effect<void> {
    const invalidate = (now: number) => this.validity.invalidate(ids, now)
    return this.attempt(Effect.asVoid(onInterrupt(effect, invalidate)), ids.length, invalidate)
  }

  /** A failure or a defect of the cache is counted, and no caller fails with it. */
  private attempt<A>(effect: Effect.Effect<A, unknown>, keys: number, orElse: (now: number) => A): Effect.Effect<A> {
    return Effect.catchCause(effect, () => {
      this.counters.error(keys)
      return atSteady(orElse)
    })
  }
}

/** Does something at a time by `steadyMillis`. */
export const atSteady = <A>(f: (now: number) => A): Effect.Effect<A> =>
  Effect.withFiber((fiber) => Effect.succeed(f(steadyMillis(fiber.getRef(Clock.Clock)))))

const onInterrupt = (
  effect: Effect.Effect<unknown, unknown>,
  f: (now: number) => void
): Effect.Effect<unknown, unknown> => Effect.onInterrupt(effect, () => atSteady(f))

export const pick = (ids: ReadonlyArray<string>, indices: ReadonlyArray<number>): ReadonlyArray<string> =>
  indices.map((i) => ids[i]!)
