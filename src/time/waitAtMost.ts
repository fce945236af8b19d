import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { type Place, TimeoutError } from "../KeyValueError.ts"
import { runAfter } from "./runAfter.ts"

/** Keeps something for a call, such as a place in a `Bulkhead`, until all work of the call has ended. */
export interface Holder {
  /** Called with work that is still running although its caller no longer waits for it. */
  readonly hold: (work: Fiber.Fiber<unknown, unknown>) => void
}

export interface Options {
  /** The place of the error. */
  readonly place: Place
  readonly holder?: Holder | undefined
  /** Called when the time is up. */
  readonly onExceeded?: (() => void) | undefined
}

/**
 * Runs an effect in a fiber of its own. Waits for it no longer than `millis`, and then fails with `TimeoutError`. Without
 * any time left, the effect does not run.
 *
 * `Effect.timeout` would wait until the effect has ended, however long an uninterruptible one takes.
 */
export const waitAtMost = <A, E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  millis: number,
  effect: Effect.Effect<A, E, R>,
  { place, holder, onExceeded }: Options
): Effect.Effect<A, E | TimeoutError, R> => {
  const exceeded = (sent: boolean) => {
    onExceeded?.()
    return Effect.fail(new TimeoutError({ ...place, duration: Duration.millis(Math.max(0, millis)), sent }))
  }
  if (millis <= 0) return exceeded(false)
  return Effect.callback((resume) => {
    const work = Effect.runForkWith(fiber.context)(effect as Effect.Effect<A, E>)
    const done = work.pollUnsafe()
    if (done !== undefined) return resume(done)
    const cancel = runAfter(fiber.context, millis, () => {
      removeObserver()
      stopWaiting(work, holder)
      resume(exceeded(true))
    })
    const removeObserver = work.addObserver((exit) => {
      cancel()
      resume(exit)
    })
    return Effect.sync(() => {
      removeObserver()
      cancel()
      stopWaiting(work, holder)
    })
  })
}

/** Interrupts work whose caller no longer waits for it. If the work is still running, the holder is told. */
export const stopWaiting = (work: Fiber.Fiber<unknown, unknown>, holder: Holder | undefined): void => {
  work.interruptUnsafe()
  if (holder !== undefined && work.pollUnsafe() === undefined) holder.hold(work)
}
