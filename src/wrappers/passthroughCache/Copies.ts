import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import type { Entry } from "../../Entry.ts"
import type { Counters } from "./Counters.ts"
import { Doubts } from "./Doubts.ts"
import type { Freshness } from "./Freshness.ts"
import { Marks } from "./Marks.ts"

/** What a store answers for a key. */
export type Found = Entry | undefined

/** How many keys may be in doubt one by one. */
const maxDoubts = 10_000

/**
 * The copies in the near store, which may fail in any way, at any time and late: no answer is a miss, and a copy that
 * could not be removed, or may have been written after it was, is not believed.
 */
export class Copies {
  readonly beingWritten = new Marks()
  readonly doubts: Doubts
  private readonly beingMade = new Marks()
  private readonly store: Driver
  private readonly freshness: Freshness
  private readonly counters: Counters
  private clears = 0

  constructor(store: Driver, freshness: Freshness, counters: Counters) {
    this.store = store
    this.freshness = freshness
    this.counters = counters
    this.doubts = new Doubts(freshness.lifetime, maxDoubts)
  }

  /**
   * Whether a copy is not to be asked for: one that is being made may have to be taken back, and while the original is
   * being written others may have seen the new one.
   */
  isUnsettled(id: string): boolean {
    return this.clears > 0 || this.beingWritten.has(id) || this.beingMade.has(id)
  }

  /** Asks for copies, which are not all to be believed. */
  get(call: Call.Get): Effect.Effect<ReadonlyArray<Found>> {
    return this.attempt(this.store.get(call), call.keys.length, (): ReadonlyArray<Found> => [])
  }

  isBelieved(id: string, copy: Found): copy is Entry {
    return copy !== undefined && !this.doubts.about(id, copy.createdAt)
  }

  /**
   * Copies what the far store answered when it was asked at a time, and takes those back that `isDropped` by then. A
   * copy of what is gone is removed.
   */
  make(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    found: ReadonlyArray<Found>,
    askedAt: number,
    isDropped: (id: string) => boolean
  ): Effect.Effect<void> {
    return Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const ends = found.map((entry) => (entry === undefined ? now : this.freshness.endOf(entry, askedAt)))
      const mayKeep = (i: number) => !isDropped(ids[i]!) && this.mayKeep(ids[i]!, askedAt)
      const kept = ends.flatMap((end, i) => (end > now && mayKeep(i) ? [i] : []))
      const gone = this.freshness.outlivesItsFreshness ? ends.flatMap((end, i) => (end > now ? [] : [i])) : []
      const entries = kept.map((i) => ({ payload: found[i]!.payload, createdAt: askedAt, expiresAt: ends[i] }))
      const put = kept.length === 0 ? Effect.void : this.put(call, ids, kept, entries, isDropped)
      return gone.length === 0 ? put : Effect.andThen(put, this.remove(Call.pick(call, gone), idsAt(ids, gone)))
    })
  }

  /** Whether what was answered to a question at that time may be answered to others. */
  mayKeep(id: string, askedAt: number): boolean {
    return this.clears === 0 && !this.beingWritten.has(id) && !this.doubts.about(id, askedAt)
  }

  remove(
    call: Call.Get | Call.Put | Call.Delete | Call.CompareAndPut,
    ids: ReadonlyArray<string>
  ): Effect.Effect<void> {
    return this.doubtUnless(this.store.delete(withoutDeadline(Call.toDelete(call))), ids)
  }

  /** Asks for no copy while an effect runs. */
  pausing<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.clears++),
      () => effect,
      () => Effect.sync(() => this.clears--)
    )
  }

  clear(call: Call.Clear): Effect.Effect<void> {
    const from = (cursor: Call.Cursor): Effect.Effect<void, unknown> =>
      Effect.flatMap(this.store.clear!({ ...withoutDeadline(call), cursor }), ({ next }) =>
        next === undefined ? Effect.void : from(next)
      )
    return this.attempt(from(undefined), 1, (now) => this.doubts.addAll(now))
  }

  private put(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    kept: ReadonlyArray<number>,
    entries: ReadonlyArray<Entry>,
    isDropped: (id: string) => boolean
  ): Effect.Effect<void> {
    const { _tag, ...names } = Call.toDelete(Call.pick(call, kept))
    const takeBack = Effect.suspend(() => {
      const dropped = kept.filter((i) => isDropped(ids[i]!))
      return dropped.length === 0 ? Effect.void : this.remove(Call.pick(call, dropped), idsAt(ids, dropped))
    })
    const keptIds = idsAt(ids, kept)
    const put = this.doubtUnless(this.store.put({ ...names, _tag: "put", entries }), keptIds)
    return this.beingMade.during(keptIds, Effect.ensuring(put, takeBack))
  }

  /** What the near store may have done or may still do to copies is in doubt, unless it says that it has done it. */
  private doubtUnless(effect: Effect.Effect<unknown, unknown>, ids: ReadonlyArray<string>): Effect.Effect<void> {
    const doubt = (now: number) => {
      for (const id of ids) this.doubts.add(id, now, now)
    }
    const watched = Effect.onInterrupt(effect, () =>
      Effect.clockWith((clock) => Effect.sync(() => doubt(clock.currentTimeMillisUnsafe())))
    )
    return this.attempt(Effect.asVoid(watched), ids.length, doubt)
  }

  /** A failure or a defect of the near store is counted, and nobody is told. */
  private attempt<A>(effect: Effect.Effect<A, unknown>, keys: number, orElse: (now: number) => A): Effect.Effect<A> {
    return Effect.catchCauseIf(
      effect,
      (cause) => !Cause.hasInterrupts(cause),
      () =>
        Effect.withFiber((fiber) => {
          this.counters.count("error", keys, fiber.context)
          return Effect.succeed(orElse(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()))
        })
    ) as Effect.Effect<A>
  }
}

const idsAt = (ids: ReadonlyArray<string>, indices: ReadonlyArray<number>) => indices.map((i) => ids[i]!)

/** Work that is done for others, too, does not end when the one who began it gives up. */
export const withoutDeadline = <C extends Call.Call>(call: C): C => ({ ...call, deadline: undefined })
