import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { isShared } from "./request.ts"

/**
 * Resumes a fiber that waits in `Effect.callback`, by the scheduler.
 *
 * A fiber that hands something over to a waiting one uses this. Resumed in place, that one would hand over to the next within
 * the same call, and so on, until the stack overflows.
 */
export const wake = <A, E>(
  fiber: Fiber.Fiber<unknown, unknown>,
  resume: (effect: Effect.Effect<A, E>) => void,
  effect: Effect.Effect<A, E>
): void => fiber.currentDispatcher.scheduleTask(() => resume(effect), 0)

/**
 * Like {@link wake}, for a fiber that another request may wake. Call it in the request that waits, when the wait begins.
 *
 * The fiber continues in its own request, because a promise's continuations run in the request that made the promise. It
 * needs a timer while it waits: the runtime ends a request that waits only for others.
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
