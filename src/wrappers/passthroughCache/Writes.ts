import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { eachInSlices } from "../../concurrency/slices.ts"
import type * as Call from "../../driver/Call.ts"
import { idsOf } from "../../driver/ids.ts"
import { outcomeOf } from "../../driver/outcome.ts"
import { atSteady } from "./Copies.ts"
import type { Fills } from "./Fills.ts"
import type { Misses } from "./Misses.ts"
import type { Removals } from "./Removals.ts"
import { steadyMillis } from "./steady.ts"
import { everything, type Validity } from "./Validity.ts"

export interface Config {
  readonly validity: Validity
  readonly misses: Misses
  readonly fills: Fills
  readonly removals: Removals
  /** For how many milliseconds a write whose outcome is unknown may still be applied. */
  readonly settleTime: number
}

/**
 * Keeps readers from what a write has replaced.
 *
 * From its beginning to its end, a write keeps the copies of its keys from being read, and drops fills: what these have read
 * may be older than the write. After a write whose outcome is unknown, the store is asked for its keys until `settleTime`
 * has passed.
 */
export class Writes {
  private readonly config: Config

  constructor(config: Config) {
    this.config = config
  }

  /** Runs a write, and removes the copies of its keys unless the write was not applied. */
  run<A, E>(call: Call.Put | Call.Delete | Call.CompareAndPut, write: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const { validity, misses, fills, removals, settleTime } = this.config
    const ids = idsOf(call)
    const forget = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.withFiber((fiber) => {
        const outcome = outcomeOf(exit)
        if (outcome === "not-applied") return Effect.void
        const now = steadyMillis(fiber.getRef(Clock.Clock))
        const forgetKey = (i: number) => {
          const id = ids[i]!
          fills.drop(id)
          misses.remove(id)
          if (outcome === "unknown") validity.invalidations.add(id, now + settleTime, now)
        }
        return eachInSlices(ids.length, forgetKey, () => removals.afterWrite(exit, call, ids))
      })
    const drop = (i: number) => fills.drop(ids[i]!)
    return validity.beingWritten.during(ids, () => eachInSlices(ids.length, drop, () => Effect.onExit(write, forget)))
  }

  /** Runs a call that clears the store, and removes the copies of what it may have cleared. */
  clear<A, E>(call: Call.Clear, clear: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const { validity, fills, removals, settleTime } = this.config
    const forget = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.suspend(() => {
        const outcome = outcomeOf(exit)
        if (outcome === "not-applied") return Effect.void
        fills.dropAll()
        const invalidated =
          outcome === "unknown" ? atSteady((now) => validity.invalidations.addAll(now + settleTime)) : Effect.void
        return Effect.andThen(invalidated, removals.afterClear(exit, call))
      })
    return validity.beingCleared.during(everything, () => {
      fills.dropAll()
      return Effect.onExit(clear, forget)
    })
  }
}
