import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Deadlines } from "./Deadlines.ts"

/** Until when to wait, and what to say then. */
export interface Release<E> {
  readonly deadlines: Deadlines
  readonly toError: () => E
  /** How far away the deadline is, if it is not as far as the others. */
  readonly millis?: number | undefined
}

/**
 * Runs an effect in a fiber of its own, and waits for it, but not beyond the deadline.
 *
 * `Effect.timeout` would wait until the effect has ended, which takes as long as an uninterruptible one likes.
 */
export const release = <A, E, E2>(
  effect: Effect.Effect<A, E>,
  context: Context.Context<never>,
  { deadlines, toError, millis }: Release<E2>
): Effect.Effect<A, E | E2> =>
  Effect.callback((resume) => {
    const fiber = Effect.runForkWith(context)(effect)
    const done = fiber.pollUnsafe()
    if (done !== undefined) return resume(done)
    const deadline = deadlines.add(() => {
      giveUp()
      resume(Effect.fail(toError()))
    }, millis)
    const forget = fiber.addObserver((exit) => {
      deadlines.remove(deadline)
      resume(exit)
    })
    const giveUp = () => {
      forget()
      deadlines.remove(deadline)
      fiber.interruptUnsafe()
    }
    return Effect.sync(giveUp)
  })
