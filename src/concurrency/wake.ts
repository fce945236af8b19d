import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { isShared } from "./request.ts"

/**
 * Lets a fiber that waits in `Effect.callback` go on, in a turn of its own.
 *
 * Whoever hands something over to the next one that waits does it by this function: a fiber that went on within the call
 * would hand over to the next within that, and so on, until the stack overflows.
 */
export const wake = <A, E>(
  fiber: Fiber.Fiber<unknown, unknown>,
  resume: (effect: Effect.Effect<A, E>) => void,
  effect: Effect.Effect<A, E>
): void => fiber.currentDispatcher.scheduleTask(() => resume(effect), 0)

/**
 * Like {@link wake}, for a fiber that may be woken by another request: made by whoever waits, when the wait begins.
 *
 * The fiber goes on in its own request, since that is where the continuations of a promise run that was made there. It
 * must have a timer meanwhile: the runtime ends a request that waits for nothing of its own.
 */
export const waker = <A, E>(
  fiber: Fiber.Fiber<unknown, unknown>,
  resume: (effect: Effect.Effect<A, E>) => void
): ((effect: Effect.Effect<A, E>) => void) => {
  if (isShared(fiber)) return (effect) => wake(fiber, resume, effect)
  let go!: (effect: Effect.Effect<A, E>) => void
  const woken = new Promise<Effect.Effect<A, E>>((resolve) => {
    go = resolve
  })
  void woken.then(resume)
  return go
}
