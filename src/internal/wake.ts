import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

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
