/**
 * Keeps readers from what a write has replaced.
 *
 * From its beginning to its end, a write keeps the copies of its keys from being read, and drops fills: what these have read
 * may be older than the write. After a write whose outcome is unknown, the store is asked for its keys until `settleTime`
 * has passed.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { eachInSlices } from "../../concurrency/slices.ts"
import type * as Call from "../../driver/Call.ts"
import { idsOf } from "../../driver/ids.ts"
import { outcomeOf } from "../../driver/outcome.ts"
import { atSteady } from "./copies.ts"
import type { Parts } from "./Parts.ts"
import { removeAfterClear, removeAfterWrite } from "./removals.ts"
import { steadyMillis } from "./steady.ts"
import { everything } from "./Validity.ts"

/** Runs a write, and removes the copies of its keys unless the write was not applied. */
export const write = <A, E>(
  parts: Parts,
  call: Call.Put | Call.Delete | Call.CompareAndPut | Call.Increment,
  write: Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const { validity, misses, fills, settleTime } = parts
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
      return eachInSlices(ids.length, forgetKey, () => removeAfterWrite(parts, exit, call, ids))
    })
  const drop = (i: number) => fills.drop(ids[i]!)
  return validity.beingWritten.during(ids, () => eachInSlices(ids.length, drop, () => Effect.onExit(write, forget)))
}

/** Runs a call that clears the store, and removes the copies of what it may have cleared. */
export const clear = <A, E>(parts: Parts, call: Call.Clear, clear: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  const { validity, fills, settleTime } = parts
  const forget = (exit: Exit.Exit<unknown, unknown>) =>
    Effect.suspend(() => {
      const outcome = outcomeOf(exit)
      if (outcome === "not-applied") return Effect.void
      fills.dropAll()
      const invalidated =
        outcome === "unknown" ? atSteady((now) => validity.invalidations.addAll(now + settleTime)) : Effect.void
      return Effect.andThen(invalidated, removeAfterClear(parts, exit, call))
    })
  return validity.beingCleared.during(everything, () => {
    fills.dropAll()
    return Effect.onExit(clear, forget)
  })
}
