import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import * as Entry from "../../Entry.ts"
import { idsOf } from "../../internal/ids.ts"
import { outcomeOf } from "../../internal/outcome.ts"
import { CurrentRequest, keepAlive } from "../../internal/request.ts"
import { SingleFlight } from "../../internal/SingleFlight.ts"
import type { KeyValueError, ReadError } from "../../KeyValueError.ts"
import { type Copies, type Found, withoutDeadline } from "./Copies.ts"
import type { Counters } from "./Counters.ts"
import type { Freshness } from "./Freshness.ts"
import { Known } from "./Known.ts"
import type { Misses } from "./Misses.ts"

export interface Parts {
  readonly far: Driver
  readonly copies: Copies
  readonly misses: Misses
  readonly freshness: Freshness
  readonly counters: Counters
  /** What goes on after its caller was answered lives as long as this. */
  readonly scope: Scope.Scope
  readonly staleWhileRevalidate: boolean
  readonly staleOn: (error: KeyValueError) => boolean
  /** For how many milliseconds a write whose outcome is unknown may still be applied. */
  readonly settleTime: number
}

/** For how many milliseconds there is no refresh in the background after one has failed. */
const pauseAfterFailure = 1000

/**
 * Reads through copies of a far store, under rules that keep them from answering what is no longer true:
 *
 * - A fill asks the far store once for all who want the key at that moment.
 * - From its beginning to its end, a write keeps copies of its keys from being answered, and drops fills: what these
 *   read may be older than the write, so it is not kept, and nobody who comes later waits for it.
 * - After a write whose outcome is unknown, its keys are asked of the far store until the write is settled.
 */
export class ReadThrough {
  private readonly fills = new SingleFlight<Found, ReadError>()
  private readonly parts: Parts
  private pausedUntil = Number.NEGATIVE_INFINITY

  constructor(parts: Parts) {
    this.parts = parts
  }

  get(call: Call.Get): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const ids = idsOf(call)
    return Effect.withFiber((fiber) => {
      const clock = fiber.getRef(Clock.Clock)
      const { copies, misses, freshness, counters } = this.parts
      const now = clock.currentTimeMillisUnsafe()
      if (ids.length > 1 || copies.isUnsettled(ids[0]!) || misses.has(ids[0]!, now)) {
        return Effect.flatMap(this.look(call, ids, fiber, clock), (known) =>
          this.answer(call, known, fiber, clock, now)
        )
      }
      return Effect.flatMap(copies.get(call), (found) => {
        const state = copies.isBelieved(ids[0]!, found[0])
          ? freshness.stateOf(found[0], clock.currentTimeMillisUnsafe())
          : "over"
        if (state === "fresh") {
          counters.count("hit", 1, fiber.context)
          return Effect.succeed(found)
        }
        return this.answer(call, new Known(1).add(0, found[0], state, this.answersStale(fiber)), fiber, clock, now)
      })
    })
  }

  /** Reads past the copies. Whoever comes later waits for no fill that may have read what was there before. */
  past(call: Call.Get): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const dropped = Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      for (const id of idsOf(call)) if (!this.parts.copies.mayKeep(id, now)) this.fills.drop(id)
      return Effect.void
    })
    return Effect.tap(this.parts.far.get(call), dropped)
  }

  /** Forgets the keys of a call once it has run, unless it says that it was not applied. */
  invalidating<A, E>(
    call: Call.Put | Call.Delete | Call.CompareAndPut,
    write: Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    const { copies, misses, settleTime } = this.parts
    const ids = idsOf(call)
    const drop = () => {
      for (const id of ids) this.fills.drop(id)
    }
    const forget = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.clockWith((clock) => {
        const outcome = outcomeOf(exit)
        if (outcome === "not-applied") return Effect.void
        drop()
        const now = clock.currentTimeMillisUnsafe()
        for (const id of ids) {
          misses.remove(id)
          if (outcome === "unknown") copies.doubts.add(id, now + settleTime, now)
        }
        return copies.remove(call, ids)
      })
    return Effect.suspend(() => {
      drop()
      return copies.beingWritten.during(ids, Effect.onExit(write, forget))
    })
  }

  /** Forgets what a call that clears the far store may have cleared. */
  clearing<A, E>(call: Call.Clear, clear: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const { copies, settleTime } = this.parts
    const forget = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.clockWith((clock) => {
        const outcome = outcomeOf(exit)
        if (outcome === "not-applied") return Effect.void
        this.fills.dropAll()
        if (outcome === "unknown") copies.doubts.addAll(clock.currentTimeMillisUnsafe() + settleTime)
        return copies.clear(call)
      })
    return Effect.suspend(() => {
      this.fills.dropAll()
      return copies.pausing(Effect.onExit(clear, forget))
    })
  }

  /** Answers what is known, and asks the far store for the rest. */
  private answer(
    call: Call.Get,
    known: Known,
    fiber: Fiber.Fiber<unknown, unknown>,
    clock: Clock.Clock,
    begun: number
  ): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const { answers, misses, due, hits, staleAnswers } = known
    const { counters } = this.parts
    counters.count("hit", hits, fiber.context)
    counters.count("stale", staleAnswers, fiber.context)
    counters.count("miss", misses.length, fiber.context)
    if (due.length > 0) this.refresh(Call.pick(call, due), fiber, clock)
    if (misses.length === 0) return Effect.succeed(answers)
    return Effect.map(this.fillOrStale(Call.pick(call, misses), known, fiber.context), (found) => {
      misses.forEach((index, i) => {
        const entry = found[i]
        // Who waits for another's fill may have come after what that read had expired.
        answers[index] = entry && !Entry.isExpired(entry, begun) ? Entry.copy(entry) : undefined
      })
      return answers
    })
  }

  /** Asks for copies of what may have one. */
  private look(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    fiber: Fiber.Fiber<unknown, unknown>,
    clock: Clock.Clock
  ): Effect.Effect<Known> {
    const { copies, misses, freshness } = this.parts
    const answersStale = this.answersStale(fiber)
    const known = new Known(ids.length)
    const now = clock.currentTimeMillisUnsafe()
    const asked: Array<number> = []
    for (let i = 0; i < ids.length; i++) {
      if (copies.isUnsettled(ids[i]!)) known.misses.push(i)
      else if (misses.has(ids[i]!, now)) known.hits++
      else asked.push(i)
    }
    if (asked.length === 0) return Effect.succeed(known)
    const found = copies.get(asked.length === ids.length ? call : Call.pick(call, asked))
    return Effect.map(found, (entries) => {
      const now = clock.currentTimeMillisUnsafe()
      for (let i = 0; i < asked.length; i++) {
        const index = asked[i]!
        const entry = entries[i]
        const state = copies.isBelieved(ids[index]!, entry) ? freshness.stateOf(entry, now) : "over"
        known.add(index, entry, state, answersStale)
      }
      return known
    })
  }

  private fillOrStale(
    call: Call.Get,
    { misses, stale }: Known,
    context: Context.Context<never>
  ): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const filled = this.fill(call)
    if (misses.some((i) => stale[i] === undefined)) return filled
    return Effect.catchIf(filled, this.parts.staleOn, () => {
      this.parts.counters.count("stale", misses.length, context)
      return Effect.succeed(misses.map((i) => stale[i]))
    })
  }

  /** Whether a stale copy is answered at once. Nothing can be filled in the background of a request that is unknown. */
  private answersStale(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return this.parts.staleWhileRevalidate && fiber.getRef(CurrentRequest) !== "unknown"
  }

  /** Fills keys in the background, each once at a time. */
  private refresh(call: Call.Get, fiber: Fiber.Fiber<unknown, unknown>, clock: Clock.Clock): void {
    const request = fiber.getRef(CurrentRequest)
    if (request === "unknown") return
    const idle = idsOf(call).flatMap((id, i) => (this.fills.has(id) ? [] : [i]))
    if (idle.length === 0 || clock.currentTimeMillisUnsafe() < this.pausedUntil) return
    this.parts.counters.count("refresh", idle.length, fiber.context)
    const filled = Effect.onError(this.fill(Call.pick(call, idle)), () =>
      Effect.sync(() => {
        this.pausedUntil = clock.currentTimeMillisUnsafe() + pauseAfterFailure
      })
    )
    const work = Effect.ignoreCause(filled)
    const run = Effect.runForkWith(fiber.context)
    if (request === "shared") run(Effect.forkIn(work, this.parts.scope, { startImmediately: true }))
    else keepAlive(request, run(work))
  }

  private fill(call: Call.Get): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const { copies, far, misses } = this.parts
    const ids = idsOf(call)
    return this.fills.runMany(ids, (own, isDropped) =>
      Effect.clockWith((clock) => {
        const askedAt = clock.currentTimeMillisUnsafe()
        const indices = own.map((id) => ids.indexOf(id))
        const part: Call.Get = { ...withoutDeadline(Call.pick(call, indices)), expiry: true }
        return Effect.tap(far.get(part), (found) => {
          found.forEach((entry, i) => {
            const id = own[i]!
            if (entry !== undefined) misses.remove(id)
            else if (!isDropped(id) && copies.mayKeep(id, askedAt)) misses.add(id, askedAt)
          })
          return copies.make(part, own, found, askedAt, isDropped)
        })
      })
    )
  }
}
