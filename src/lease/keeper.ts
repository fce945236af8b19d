/** The fiber of a lease: it waits for its turn, acquires the lease, renews it, and releases it when it is interrupted. */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { Lanes } from "../concurrency/Lanes.ts"
import type { Driver } from "../driver/Driver.ts"
import type { AtomicDriver } from "../driver/service/change.ts"
import { LeaseUnavailableError, type Place } from "../KeyValueError.ts"
import { withinBudget, withoutBudget } from "../time/budget.ts"
import { runAfter } from "../time/runAfter.ts"
import { type AcquireError, Claim, type Config, type Grant } from "./Claim.ts"
import { contend } from "./contend.ts"
import { Listeners } from "./Listeners.ts"
import { LeaseMetrics } from "./metrics.ts"
import { renewing } from "./renew.ts"
import { type Rules, rules as sound } from "./rules.ts"
import { Sightings } from "./Sightings.ts"
import { settle } from "./settle.ts"

/** What the leases over one driver share. */
interface Shared {
  /** The callers of this process wait here, so that only the first of each lease asks the store. */
  readonly lanes: Lanes
  readonly sightings: Sightings
  readonly listeners: Listeners
}

const all = new WeakMap<Driver, Shared>()

const sharedOf = (driver: Driver): Shared => {
  let shared = all.get(driver)
  if (shared === undefined)
    all.set(driver, (shared = { lanes: new Lanes(), sightings: new Sightings(), listeners: new Listeners() }))
  return shared
}

/** An acquired lease, or the note of an earlier holder. */
export interface Claimed {
  readonly claim: Claim
  readonly grant: Grant
}

/**
 * Acquires a lease for as long as the scope is open. A fiber of its own keeps the lease, so that a lease is released
 * wherever its caller is interrupted.
 */
export const claim = (
  driver: AtomicDriver,
  place: Place,
  config: Config,
  rules: Rules = sound
): Effect.Effect<Claimed, AcquireError, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiber((caller) => {
      const shared = sharedOf(driver)
      const claim = new Claim(caller, driver, place, config, rules)
      const metrics = new LeaseMetrics(driver.system, caller.context)
      // The keeper needs a few steps to find out that nobody is in front of it, even if the caller does not want to wait.
      const longestTurn = Math.max(shortestTurn, config.wait)
      const unavailable = Exit.fail(new LeaseUnavailableError({ ...place, retryAfter: Duration.millis(config.ttl) }))
      if (config.wait === 0 && !shared.lanes.areFree([claim.id])) return unavailable
      return Effect.gen(function* () {
        metrics.waiting(1)
        if (config.readsNotes) shared.listeners.add(claim)
        const keeper = yield* Effect.forkDetach(withoutBudget(keep(claim, shared, metrics)), { startImmediately: true })
        const close = Effect.suspend(() => Fiber.interrupt(keeper))
        yield* Effect.addFinalizer(() => close)
        const cancel = Number.isFinite(config.wait)
          ? runAfter(caller.context, longestTurn, () => {
              if (claim.stage !== "queued") return
              keeper.interruptUnsafe()
              Deferred.doneUnsafe(claim.granted, unavailable)
            })
          : undefined
        const waited = withinBudget(Deferred.await(claim.granted), place)
        const grant = yield* Effect.onExit(restore(waited), (exit) => {
          cancel?.()
          shared.listeners.remove(claim)
          metrics.waiting(-1)
          if (Exit.isSuccess(exit)) metrics.waited(claim.now - claim.startedAt)
          return Exit.isFailure(exit) ? close : Effect.void
        })
        return { claim, grant }
      })
    })
  )

/** How long a caller waits for the callers in front of it at least, in milliseconds. */
const shortestTurn = 10

const keep = (claim: Claim, { lanes, sightings, listeners }: Shared, metrics: LeaseMetrics): Effect.Effect<void> => {
  const holding = Effect.gen(function* (): Effect.fn.Return<void, AcquireError> {
    // Another attempt of this process has read the note.
    if (claim.stage === "ended") return
    claim.stage = "contending"
    const grant = yield* contend(claim, sightings)
    claim.grant(grant)
    if (grant._tag === "note") return listeners.tell(claim, grant)
    const ending = Deferred.await(claim.ending)
    metrics.held(1)
    const kept = Effect.raceFirst(renewing(claim), ending)
    const reason = yield* Effect.onExitPrimitive(kept, () => void metrics.held(-1) as undefined)
    if (reason === undefined) return
    metrics.lost(reason)
    claim.lose(reason)
  })
  const kept = lanes.run(
    [claim.id],
    Effect.onExit(holding, (exit) => end(claim, exit))
  )
  return Effect.asVoid(Effect.exit(kept))
}

/** Releases the lease, or leaves it to lapse if it was lost, and tells everybody who waits. */
const end = Effect.fnUntraced(function* (claim: Claim, exit: Exit.Exit<void, AcquireError>) {
  claim.stage = "ended"
  const settled = claim.mayOwn ? yield* Effect.exit(settle(claim)) : Exit.void
  Deferred.doneUnsafe(claim.ended, settled)
  if (Exit.isFailure(settled) && claim.note === undefined) {
    const error = Cause.squash(settled.cause)
    const reason = error instanceof Error ? error.message : "unknown"
    yield* Effect.logWarning(`A lease could not be released, and ends after its TTL: ${reason}`)
  }
  if (Exit.isFailure(exit)) {
    Deferred.doneUnsafe(claim.granted, Exit.failCause(exit.cause))
    // A defect of the keeper ends the effect under the lease, too.
    if (!Cause.hasInterruptsOnly(exit.cause)) Deferred.doneUnsafe(claim.lost, Effect.die(Cause.squash(exit.cause)))
  }
})
