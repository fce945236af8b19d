import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { isShared } from "./request.ts"

/**
 * Schedules a fiber that waits in `Effect.callback`.
 *
 * Without the scheduler, each fiber would resume the next one within the same call, and a long queue would overflow the stack.
 */
export const wake = <A, E>(
  fiber: Fiber.Fiber<unknown, unknown>,
  resume: (effect: Effect.Effect<A, E>) => void,
  effect: Effect.Effect<A, E>
): void => fiber.currentDispatcher.scheduleTask(() => resume(effect), 0)

/**
 * Like {@link wake}, for a fiber that another request may resume. Call it in the waiting request, when the wait begins.
 *
 * The fiber continues in its own request, because the callbacks of a promise run in the request that created the promise.
 * Start a timer for the wait, because the runtime ends a request that waits only for other requests.
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
