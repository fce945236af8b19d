import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { CurrentRequest, keepAlive } from "../../concurrency/request.ts"
import { SingleFlight } from "../../concurrency/SingleFlight.ts"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { describeId, idsOf } from "../../driver/ids.ts"
import { inTime } from "../../driver/inTime.ts"
import { outcomeOf } from "../../driver/outcome.ts"
import * as Entry from "../../Entry.ts"
import type { KeyValueError, ReadError } from "../../KeyValueError.ts"
import { monotonicMillis } from "../../time/clock.ts"
import { limitToBudget } from "../common/limitTime.ts"
import type { Background } from "./Background.ts"
import { type Copies, type Found, pick, shared } from "./Copies.ts"
import type { Counters } from "./counters.ts"
import type { Asked, Freshness, State } from "./Freshness.ts"
import { Known } from "./Known.ts"
import type { Misses } from "./Misses.ts"
import { steadyMillis } from "./steady.ts"

export interface Parts {
  readonly far: Driver
  readonly copies: Copies
  readonly misses: Misses
  readonly freshness: Freshness
  readonly counters: Counters
  /** What goes on after its caller was answered. */
  readonly refreshes: Background
  /** Nobody joins a fill that began more milliseconds ago than this. */
  readonly maxAge: number
  readonly staleWhileRevalidate: boolean
  readonly staleOn: (error: KeyValueError) => boolean
  /** For how many milliseconds a write whose outcome is unknown may still be applied. */
  readonly settleTime: number
}

/** For how many milliseconds there is no refresh in the background after one has failed. */
const pauseAfterFailure = 1000

/** Keeps a caller no longer than its own budget of time. */
export const inBudget = limitToBudget()

/**
 * Reads through copies of a far store, under rules that keep them from answering what is no longer true:
 *
 * - A fill asks the far store once for all who want the key at that moment.
 * - From its beginning to its end, a write keeps copies of its keys from being answered, and drops fills: what these
 *   read may be older than the write, so it is not kept, and nobody who comes later waits for it.
 * - After a write whose outcome is unknown, its keys are asked of the far store until the write is settled.
 */
export class ReadThrough {
  private readonly fills: SingleFlight<Found, ReadError>
  private readonly parts: Parts
  private pausedUntil = Number.NEGATIVE_INFINITY

  constructor(parts: Parts) {
    this.parts = parts
    this.fills = new SingleFlight({ maxAge: parts.maxAge, describe: describeId })
  }

  get(call: Call.Get): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    return Effect.withFiber((fiber) => {
      const { copies, counters } = this.parts
      const clock = fiber.getRef(Clock.Clock)
      const ids = idsOf(call)
      const known = this.knownWithoutCopies(ids, clock)
      const asked = known?.open
      if (asked?.length === 0) return this.answer(call, ids, known!, fiber)
      return Effect.flatMap(copies.get(asked === undefined ? call : Call.pick(call, asked)), (found) => {
        const now = steadyMillis(clock)
        if (asked === undefined && ids.every((id, i) => this.stateOf(id, found[i], now) === "fresh")) {
          counters.hit(ids.length)
          return Effect.succeed(found)
        }
        return this.answer(
          call,
          ids,
          this.withCopies(known ?? Known.nothing(ids.length), ids, found, now, fiber),
          fiber
        )
      })
    })
  }

  /** Reads past the copies. Whoever comes later waits for no fill that may have read what was there before. */
  past(call: Call.Get): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const dropped = Effect.clockWith((clock) => {
      const now = steadyMillis(clock)
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
      Effect.withFiber((fiber) => {
        const outcome = outcomeOf(exit)
        if (outcome === "not-applied") return Effect.void
        drop()
        const now = steadyMillis(fiber.getRef(Clock.Clock))
        for (const id of ids) {
          misses.remove(id)
          if (outcome === "unknown") copies.doubts.add(id, now + settleTime, now)
        }
        return copies.removeAfter(exit, call, ids)
      })
    return copies.beingWritten.during(ids, () => {
      drop()
      return Effect.onExit(write, forget)
    })
  }

  /** Forgets what a call that clears the far store may have cleared. */
  clearing<A, E>(call: Call.Clear, clear: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const { copies, settleTime } = this.parts
    const forget = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.withFiber((fiber) => {
        const outcome = outcomeOf(exit)
        if (outcome === "not-applied") return Effect.void
        this.fills.dropAll()
        if (outcome === "unknown") copies.doubts.addAll(steadyMillis(fiber.getRef(Clock.Clock)) + settleTime)
        return copies.clearAfter(exit, call)
      })
    return copies.pausing(() => {
      this.fills.dropAll()
      return Effect.onExit(clear, forget)
    })
  }

  /** What is known of keys that are not to be answered by copies; `undefined` if all of them may be. */
  private knownWithoutCopies(ids: ReadonlyArray<string>, clock: Clock.Clock): Known | undefined {
    const { copies, misses } = this.parts
    if (copies.areSettled && misses.isEmpty) return undefined
    const now = steadyMillis(clock)
    const known = new Known(ids.length)
    for (let i = 0; i < ids.length; i++) {
      if (copies.isUnsettled(ids[i]!)) known.misses.push(i)
      else if (misses.has(ids[i]!, now)) known.hits++
      else known.open.push(i)
    }
    return known.open.length === ids.length ? undefined : known
  }

  private withCopies(
    known: Known,
    ids: ReadonlyArray<string>,
    found: ReadonlyArray<Found>,
    now: number,
    fiber: Fiber.Fiber<unknown, unknown>
  ): Known {
    const { open } = known
    // Nothing can be filled in the background of a request that is unknown.
    const answersStale = this.parts.staleWhileRevalidate && fiber.getRef(CurrentRequest) !== "unknown"
    for (let i = 0; i < open.length; i++) {
      const index = open[i]!
      known.add(index, found[i], this.stateOf(ids[index]!, found[i], now), answersStale)
    }
    return known
  }

  private stateOf(id: string, copy: Found, now: number): State {
    const { copies, freshness } = this.parts
    return copies.isBelieved(id, copy) ? freshness.stateOf(copy, now) : "over"
  }

  /** Answers what is known, and asks the far store for the rest. */
  private answer(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    known: Known,
    fiber: Fiber.Fiber<unknown, unknown>
  ): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const { answers, misses, due, hits, staleAnswers } = known
    const { counters } = this.parts
    counters.hit(hits)
    counters.stale(staleAnswers)
    counters.miss(misses.length)
    if (due.length > 0) this.refresh(Call.pick(call, due), pick(ids, due), fiber)
    if (misses.length === 0) return Effect.succeed(answers)
    const begun = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    return Effect.map(this.fillOrStale(Call.pick(call, misses), pick(ids, misses), known), (found) => {
      misses.forEach((index, i) => {
        const entry = found[i]
        // Who waits for another's fill may have come after what that read had expired.
        answers[index] = entry && !Entry.isExpired(entry, begun) ? Entry.copy(entry) : undefined
      })
      return answers
    })
  }

  private fillOrStale(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    { misses, stale }: Known
  ): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const filled = inBudget(call, (call) => inTime(call, (call) => this.fill(call, ids)))
    if (misses.some((i) => stale[i] === undefined)) return filled
    return Effect.catchIf(filled, this.parts.staleOn, () => {
      this.parts.counters.stale(misses.length)
      return Effect.succeed(misses.map((i) => stale[i]))
    })
  }

  /** Fills keys in the background, each once at a time. */
  private refresh(call: Call.Get, ids: ReadonlyArray<string>, fiber: Fiber.Fiber<unknown, unknown>): void {
    const { counters, refreshes } = this.parts
    const clock = fiber.getRef(Clock.Clock)
    const request = fiber.getRef(CurrentRequest)
    const now = monotonicMillis(clock)
    if (request === "unknown" || refreshes.isFull || now < this.pausedUntil) return
    const idle = ids.flatMap((id, i) => (this.fills.has(id, now) ? [] : [i]))
    if (idle.length === 0) return
    counters.refresh(idle.length)
    const filled = Effect.catchCause(this.fill(Call.pick(call, idle), pick(ids, idle)), (cause) => {
      this.pausedUntil = monotonicMillis(clock) + pauseAfterFailure
      return Cause.hasDies(cause) ? Effect.logWarning("a read cache could not renew copies", cause) : Effect.void
    })
    const work = refreshes.start(Effect.asVoid(filled), fiber)
    if (work !== undefined && request !== "shared") keepAlive(request, work)
  }

  private fill(call: Call.Get, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const { copies, far, misses } = this.parts
    return this.fills.runMany(ids, (own, isDropped) =>
      Effect.clockWith((clock) => {
        const asked: Asked = { at: Math.floor(steadyMillis(clock)), wall: clock.currentTimeMillisUnsafe() }
        const part: Call.Get = { ...shared(own.length === ids.length ? call : pickIds(call, ids, own)), expiry: true }
        return Effect.tap(far.get(part), (found) => {
          for (let i = 0; i < own.length; i++) {
            const id = own[i]!
            if (found[i] !== undefined) misses.remove(id)
            else if (!isDropped(id) && copies.mayKeep(id, asked.at)) misses.add(id, asked.at)
          }
          return copies.make(part, own, found, asked, isDropped)
        })
      })
    )
  }
}

/** The part of a call that is about some of its keys, each of them once. */
const pickIds = (call: Call.Get, ids: ReadonlyArray<string>, own: ReadonlyArray<string>): Call.Get => {
  const indices = new Map(ids.map((id, i) => [id, i]))
  return Call.pick(
    call,
    own.map((id) => indices.get(id)!)
  )
}
