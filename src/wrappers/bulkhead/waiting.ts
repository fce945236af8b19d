import * as Effect from "effect/Effect"
import type { DeadlinesOf } from "../../internal/Deadlines.ts"
import type { Places, Turn } from "./Places.ts"

/** Why a call was shed. */
export type Reason = "queue_full" | "max_wait"

/** Until it is a call's turn, or it is shed. */
export const waiting = <E>(
  places: Places,
  turn: Turn,
  deadlinesOf: DeadlinesOf,
  shed: (reason: Reason) => Effect.Effect<never, E>
): Effect.Effect<void, E> =>
  Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      // Meanwhile another fiber may have run, and left.
      if (places.enter(turn)) return resume(Effect.void)
      if (!places.wait(turn)) return resume(shed("queue_full"))
      const deadlines = deadlinesOf(fiber)
      const deadline = deadlines.add(() => {
        places.leave(turn)
        resume(shed("max_wait"))
      })
      turn.onEnter = () => {
        deadlines.remove(deadline)
        // Not within the call that leaves, which would go deeper with each that waits.
        fiber.currentDispatcher.scheduleTask(() => resume(Effect.void), 0)
      }
      return Effect.sync(() => deadlines.remove(deadline))
    })
  )
