import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { CallBase } from "../../driver/Call.ts"
import { now } from "../../time/clock.ts"
import { runAfter } from "../../time/runAfter.ts"
import { stopWaiting } from "../../time/waitAtMost.ts"

export interface Hedging {
  readonly millis: number
  /** Called when the second attempt is due. */
  readonly maySend: () => boolean
  /** Called when the second attempt has succeeded first. */
  readonly onWon: () => void
}

/**
 * Runs an attempt and, if it has not ended after `millis`, a second one beside it. Returns the first success, and interrupts
 * the other attempt. Fails with the first attempt's failure if both fail.
 */
export const race = <A, E>(
  attempt: Effect.Effect<A, E>,
  caller: Fiber.Fiber<unknown, unknown>,
  { deadline, holder }: CallBase,
  { millis, maySend, onWon }: Hedging
): Effect.Effect<A, E> =>
  Effect.callback((resume) => {
    const run = Effect.runForkWith(caller.context)
    const first = run(attempt)
    const done = first.pollUnsafe()
    if (done !== undefined) return resume(done)

    const giveUp = (attempt: Fiber.Fiber<A, E> | undefined) => attempt && stopWaiting(attempt, holder)
    let second: Fiber.Fiber<A, E> | undefined
    let failure: Exit.Exit<A, E> | undefined
    const cancel = runAfter(caller.context, millis, () => {
      const isInTime = deadline === undefined || now(caller) < deadline
      if (!isInTime || !maySend()) return
      second = run(attempt)
      second.addObserver((exit) => {
        if (Exit.isSuccess(exit)) {
          forget()
          giveUp(first)
          onWon()
          resume(exit)
        } else if (failure !== undefined) resume(failure)
      })
    })
    const forget = first.addObserver((exit) => {
      cancel()
      const isLast = second === undefined || second.pollUnsafe() !== undefined
      if (Exit.isFailure(exit) && !isLast) failure = exit
      else {
        giveUp(second)
        resume(exit)
      }
    })
    return Effect.sync(() => {
      forget()
      cancel()
      giveUp(first)
      giveUp(second)
    })
  })
