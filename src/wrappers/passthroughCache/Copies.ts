import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { waitsOf } from "../../driver/waits.ts"
import type { Entry } from "../../Entry.ts"
import type { Place } from "../../KeyValueError.ts"
import { timeLeft, withinBudget } from "../../time/budget.ts"
import type { Background } from "./Background.ts"
import type { Counters } from "./counters.ts"
import { Doubts } from "./Doubts.ts"
import { type Asked, askedAtOf, type Dated, type Freshness } from "./Freshness.ts"
import { Marks } from "./Marks.ts"
import { steadyMillis } from "./steady.ts"

/** What a store answers for a key. */
export type Found = Entry | undefined

/** How many keys may be in doubt one by one. */
export const maxDoubts = 10_000

/** The mark of all keys. */
const everything = ["everything"]

/**
 * The copies in the near store, which may fail in any way, at any time and late: no answer is a miss, and a copy that
 * could not be removed, or may have been written after it was, is not believed.
 */
export class Copies {
  readonly beingWritten = new Marks()
  readonly doubts: Doubts
  private readonly beingCleared = new Marks()
  private readonly beingMade = new Marks()
  private readonly store: Driver
  private readonly freshness: Freshness
  private readonly counters: Counters
  private readonly removals: Background
  private readonly mayWait: boolean

  constructor(store: Driver, freshness: Freshness, counters: Counters, removals: Background) {
    this.store = store
    this.freshness = freshness
    this.counters = counters
    this.removals = removals
    this.mayWait = waitsOf(store) !== "never"
    this.doubts = new Doubts(freshness.lifetime, maxDoubts)
  }

  /** Whether no copy is unsettled. */
  get areSettled(): boolean {
    return this.beingCleared.isEmpty && this.beingWritten.isEmpty && this.beingMade.isEmpty
  }

  /**
   * Whether a copy is not to be asked for: one that is being made may have to be taken back, and while the original is
   * being written others may have seen the new one.
   */
  isUnsettled(id: string): boolean {
    return !this.beingCleared.isEmpty || this.beingWritten.has(id) || this.beingMade.has(id)
  }

  /** Asks for copies, which are not all to be believed. */
  get(call: Call.Get): Effect.Effect<ReadonlyArray<Found>> {
    return this.attempt(this.store.get(call), call.keys.length, (): ReadonlyArray<Found> => [])
  }

  isBelieved(id: string, copy: Found): copy is Dated {
    return copy?.createdAt !== undefined && !this.doubts.about(id, askedAtOf(copy.createdAt))
  }

  /** Copies what the far store answered, and takes those back that are dropped by then. A copy of what is gone is removed. */
  make(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    found: ReadonlyArray<Found>,
    asked: Asked,
    isDropped: (id: string) => boolean
  ): Effect.Effect<void> {
    return Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const kept: Array<number> = []
      const entries: Array<Entry> = []
      const gone: Array<number> = []
      for (let i = 0; i < found.length; i++) {
        const entry = found[i]
        const times = entry && this.freshness.timesOf(entry, asked)
        if (times === undefined || times.expiresAt <= now) gone.push(i)
        else if (!isDropped(ids[i]!) && this.mayKeep(ids[i]!, asked.at)) {
          kept.push(i)
          entries.push({ payload: entry!.payload, ...times })
        }
      }
      const put = kept.length === 0 ? Effect.void : this.put(call, ids, kept, entries, isDropped)
      return gone.length === 0 || !this.freshness.outlivesItsFreshness
        ? put
        : Effect.andThen(put, this.remove(Call.pick(call, gone), pick(ids, gone)))
    })
  }

  /** Whether what was answered to a question at that time may be answered to others. */
  mayKeep(id: string, askedAt: number): boolean {
    return this.beingCleared.isEmpty && !this.beingWritten.has(id) && !this.doubts.about(id, askedAt)
  }

  /** Asks for no copy while an effect runs. */
  pausing<A, E>(effect: () => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.beingCleared.during(everything, effect)
  }

  /** Removes the copies of what a write has changed. */
  removeAfter(
    exit: Exit.Exit<unknown, unknown>,
    call: Call.Put | Call.Delete | Call.CompareAndPut,
    ids: ReadonlyArray<string>
  ): Effect.Effect<void> {
    return this.after(
      exit,
      call.place,
      this.remove(call, ids),
      () => this.beingWritten.hold(ids),
      (now) => this.doubt(ids, now)
    )
  }

  /** Removes the copies of what a call may have cleared. */
  clearAfter(exit: Exit.Exit<unknown, unknown>, call: Call.Clear): Effect.Effect<void> {
    const doubt = (now: number) => this.doubts.addAll(now)
    const from = (cursor: Call.Cursor): Effect.Effect<void, unknown> =>
      Effect.flatMap(this.store.maintenance!.clear({ ...shared(call), cursor }), ({ next }) =>
        next === undefined ? Effect.void : from(next)
      )
    const clear = this.attempt(onInterrupt(from(undefined), doubt), 1, doubt)
    return this.after(exit, call.place, clear, () => this.beingCleared.hold(everything), doubt)
  }

  /**
   * Removes copies after a write. A writer with a budget of time waits for a slow near store no longer than that, and one
   * that was interrupted does not wait: the removal goes on, and the copies are not asked for until it has ended.
   */
  private after(
    exit: Exit.Exit<unknown, unknown>,
    place: Place,
    removal: Effect.Effect<void>,
    hold: () => () => void,
    doubt: (now: number) => void
  ): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const isInterrupted = Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)
      if (!this.mayWait || (!isInterrupted && timeLeft(fiber) === Number.POSITIVE_INFINITY)) return removal
      const release = hold()
      const work = this.removals.start(removal, fiber)
      if (work === undefined) {
        release()
        return atSteady(doubt)
      }
      work.addObserver(release)
      return isInterrupted ? Effect.void : Effect.ignore(withinBudget(Fiber.await(work), place))
    })
  }

  private remove(
    call: Call.Get | Call.Put | Call.Delete | Call.CompareAndPut,
    ids: ReadonlyArray<string>
  ): Effect.Effect<void> {
    return this.doubtUnless(this.store.delete(shared(Call.toDelete(call))), ids)
  }

  /** Does not believe any copies of these keys that were made until now. */
  private doubt(ids: ReadonlyArray<string>, now: number): void {
    for (const id of ids) this.doubts.add(id, now, now)
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
      return dropped.length === 0 ? Effect.void : this.remove(Call.pick(call, dropped), pick(ids, dropped))
    })
    const keptIds = pick(ids, kept)
    return this.beingMade.during(keptIds, () =>
      Effect.ensuring(this.doubtUnless(this.store.put({ ...names, _tag: "put", entries }), keptIds), takeBack)
    )
  }

  /** What the near store may have done or may still do to copies is in doubt, unless it says that it has done it. */
  private doubtUnless(effect: Effect.Effect<unknown, unknown>, ids: ReadonlyArray<string>): Effect.Effect<void> {
    const doubt = (now: number) => this.doubt(ids, now)
    return this.attempt(Effect.asVoid(onInterrupt(effect, doubt)), ids.length, doubt)
  }

  /** A failure or a defect of the near store is counted, and nobody is told. */
  private attempt<A>(effect: Effect.Effect<A, unknown>, keys: number, orElse: (now: number) => A): Effect.Effect<A> {
    return Effect.catchCause(effect, () => {
      this.counters.error(keys)
      return atSteady(orElse)
    })
  }
}

const atSteady = <A>(f: (now: number) => A): Effect.Effect<A> =>
  Effect.withFiber((fiber) => Effect.succeed(f(steadyMillis(fiber.getRef(Clock.Clock)))))

const onInterrupt = (
  effect: Effect.Effect<unknown, unknown>,
  f: (now: number) => void
): Effect.Effect<unknown, unknown> => Effect.onInterrupt(effect, () => atSteady(f))

export const pick = (ids: ReadonlyArray<string>, indices: ReadonlyArray<number>): ReadonlyArray<string> =>
  indices.map((i) => ids[i]!)

/** Work that is done for others, too, has neither the deadline nor the place in a queue of the caller who began it. */
export const shared = <C extends Call.Call>(call: C): C => ({
  ...call,
  deadline: undefined,
  limit: undefined,
  holder: undefined
})
