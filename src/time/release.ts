import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { runAfter } from "./runAfter.ts"

/** Is told of work that goes on after its caller has stopped waiting. */
export interface Holder {
  readonly hold: (work: Fiber.Fiber<unknown, unknown>) => void
}

/**
 * Runs an effect on a fiber of its own, and waits for it at most a number of milliseconds.
 *
 * `Effect.timeout` would wait until an uninterruptible effect has ended.
 */
export const release = <A, E, E2, R>(
  effect: Effect.Effect<A, E, R>,
  fiber: Fiber.Fiber<unknown, unknown>,
  millis: number,
  toError: () => E2,
  holder?: Holder
): Effect.Effect<A, E | E2, R> =>
  Effect.callback((resume) => {
    const work = Effect.runForkWith(fiber.context)(effect as Effect.Effect<A, E>)
    const done = work.pollUnsafe()
    if (done !== undefined) return resume(done)
    const timer = runAfter(fiber.context, millis, () => {
      forget()
      abandon(work, holder)
      resume(Effect.fail(toError()))
    })
    const forget = work.addObserver((exit) => {
      timer.cancel()
      resume(exit)
    })
    return Effect.sync(() => {
      forget()
      timer.cancel()
      abandon(work, holder)
    })
  })

/** Interrupts work whose caller has stopped waiting. If the work goes on, the holder is told. */
export const abandon = (work: Fiber.Fiber<unknown, unknown>, holder: Holder | undefined): void => {
  work.interruptUnsafe()
  if (holder !== undefined && work.pollUnsafe() === undefined) holder.hold(work)
}
