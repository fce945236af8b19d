import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { CurrentRequest, keepAlive } from "../concurrency/request.ts"
import { type Load, SingleFlight } from "../concurrency/SingleFlight.ts"
import { now } from "../time/clock.ts"
import type { Value } from "../Value.ts"
import { alone, Background } from "../wrappers/common/Background.ts"
import { HasPermit } from "./LookupLimit.ts"
import { longestLookup } from "./limits.ts"
import type { Before, View } from "./view.ts"

/** Where an outcome comes from: a lookup, or the store, which was asked after a step. */
export type Origin =
  | { readonly origin: "lookup"; readonly begun: Begun }
  | { readonly origin: "store"; readonly at: number }

/** How a load of a key ended. */
export type Outcome<E> = Answer<E> & Origin

export type Answer<E> =
  | { readonly _tag: "value"; readonly value: Value }
  | {
      readonly _tag: "error"
      readonly error: E
      /** Whether the error says something about the key, and replaces what is stored. */
      readonly isAnswer: boolean
    }

/** What was stored when a lookup began. */
export interface Begun {
  readonly at: number
  readonly generations: Pick<View, "all" | "epoch"> | undefined
  readonly id: string | undefined
}

/** How many lookups may go on after their callers have left, and how many keys are refreshed at a time. */
const maxHeld = 1000
const maxRefreshes = 100

/** For how many milliseconds a key is not refreshed after its lookup has failed, and for how many keys that is known. */
const pauseAfterFailure = 1000
const maxPauses = 10_000

/**
 * The lookups that are running. Callers share them, but a caller never joins one that began before an invalidation which had
 * ended when the caller came. It compares what was stored before the lookup with what it has read itself.
 */
export class Flights<E> {
  private readonly loads = new SingleFlight<Outcome<E>, never>({ maxAge: longestLookup })
  private readonly begun = new Map<string, Begun>()
  private readonly pauses = new Map<string, number>()
  private readonly held = new Background(maxHeld)
  private readonly refreshes = new Background(maxRefreshes)
  private steps = 0
  isClosed = false
  private invalidatedAt = 0

  /** Orders calls, lookups and invalidations of this process. */
  step(): number {
    return ++this.steps
  }

  /** Notes that lookups begin after this. Returns what is known about each of them. */
  begin(names: ReadonlyArray<string>, before: Before | undefined): ReadonlyMap<string, Begun> {
    const at = this.step()
    const begun = new Map(names.map((name, i) => [name, { at, generations: before, id: before?.seen[i]?.id }] as const))
    for (const [name, it] of begun) this.begun.set(name, it)
    return begun
  }

  end(all: ReadonlyMap<string, Begun>): void {
    for (const [name, begun] of all) if (this.begun.get(name) === begun) this.begun.delete(name)
  }

  /** Keeps callers from joining a running lookup, and its value from being stored. */
  drop(name: string): void {
    this.begun.delete(name)
    this.loads.drop(name)
  }

  /** Keeps callers that come from now on from joining any lookup that is running. */
  outdate(): void {
    this.invalidatedAt = this.step()
  }

  /** Waits for lookups. They go on if the caller does not wait for their end. */
  run(
    names: ReadonlyArray<string>,
    load: Load<Outcome<E>, never, never>,
    at: { readonly since: number; readonly view: View | undefined }
  ): Effect.Effect<ReadonlyArray<Outcome<E>>> {
    return Effect.withFiber((fiber) => {
      this.dropOutdated(names, at.since, at.view)
      const running = this.loads.runMany(names, load)
      this.hold(this.held, fiber, Effect.ignoreCause(running))
      return Effect.flatMap(running, (outcomes) => this.renewed(names, load, at, outcomes))
    })
  }

  /**
   * Loads again what another caller's load has read, or begun to look up, before this caller came, if it has been invalidated
   * in between. An entry that the other load has read is always invalid by now: this caller has not found it.
   */
  private renewed(
    names: ReadonlyArray<string>,
    load: Load<Outcome<E>, never, never>,
    at: { readonly since: number; readonly view: View | undefined },
    outcomes: ReadonlyArray<Outcome<E>>
  ): Effect.Effect<ReadonlyArray<Outcome<E>>> {
    const isOld = (outcome: Outcome<E>, i: number) =>
      outcome.origin === "store" ? outcome.at < at.since : this.isOutdated(outcome.begun, at.since, at.view, i)
    const old = names.flatMap((_, i) => (isOld(outcomes[i]!, i) ? [i] : []))
    if (old.length === 0) return Effect.succeed(outcomes)
    const again = this.run(
      old.map((i) => names[i]!),
      load,
      { since: at.since, view: at.view && { ...at.view, seen: old.map((i) => at.view!.seen[i]!) } }
    )
    return Effect.map(again, (renewed) => {
      const all = [...outcomes]
      for (const [n, i] of old.entries()) all[i] = renewed[n]!
      return all
    })
  }

  /** Refreshes keys in the background, except those that are being looked up, and those whose lookup has just failed. */
  refresh(
    names: ReadonlyArray<string>,
    load: Load<Outcome<E>, never, never>,
    caller: Fiber.Fiber<unknown, unknown>
  ): ReadonlyArray<string> {
    const time = now(caller)
    const due = names.filter((name) => !this.loads.has(name) && !this.isPaused(name, time))
    if (due.length === 0) return due
    const work = Effect.catchCause(this.loads.runMany(due, load), (cause) =>
      Cause.hasDies(cause) ? Effect.logWarning("a loading cache could not refresh entries", cause) : Effect.void
    )
    return this.hold(this.refreshes, caller, Effect.provideService(work, HasPermit, false)) ? due : []
  }

  isPaused(name: string, time: number): boolean {
    const until = this.pauses.get(name)
    return until !== undefined && time < until
  }

  /** Notes how a lookup ended, so that a failing one is not repeated for each reader of a stale value. */
  ended(name: string, isFailed: boolean, time: number): void {
    if (!isFailed) return void this.pauses.delete(name)
    if (this.pauses.size >= maxPauses) this.pauses.clear()
    this.pauses.set(name, time + pauseAfterFailure)
  }

  /** Interrupts the lookups for which no caller waits. */
  close(): void {
    this.isClosed = true
    this.held.close()
    this.refreshes.close()
  }

  private hold(
    background: Background,
    caller: Fiber.Fiber<unknown, unknown>,
    work: Effect.Effect<unknown>
  ): Fiber.Fiber<unknown> | undefined {
    const request = caller.getRef(CurrentRequest)
    if (request === "unknown") return undefined
    const fiber = background.start(caller.context, alone(work))
    if (fiber !== undefined && request !== "shared") keepAlive(request, fiber)
    return fiber
  }

  private dropOutdated(names: ReadonlyArray<string>, since: number, view: View | undefined): void {
    if (this.begun.size === 0) return
    for (const [i, name] of names.entries()) {
      const begun = this.begun.get(name)
      if (begun !== undefined && this.isOutdated(begun, since, view, i)) this.drop(name)
    }
  }

  /** Whether something may have been invalidated between the beginning of a lookup and the caller's. */
  private isOutdated({ at, generations, id }: Begun, since: number, view: View | undefined, index: number): boolean {
    if (at > since) return false
    if (at < this.invalidatedAt) return true
    if (view === undefined) return false
    const seen = view.seen[index]!.id
    return (
      generations === undefined ||
      generations.all !== view.all ||
      generations.epoch !== view.epoch ||
      (seen !== undefined && seen !== id)
    )
  }
}
