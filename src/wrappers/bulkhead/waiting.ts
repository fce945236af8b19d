import * as Effect from "effect/Effect"
import { waker } from "../../concurrency/wake.ts"
import { runAfter } from "../../time/runAfter.ts"
import type { Places, Turn } from "./Places.ts"

/** Why a call was shed. */
export type Reason = "queue_full" | "max_wait"

/** Waits until it is a call's turn, or it is shed. */
export const waiting = <E>(
  places: Places,
  turn: Turn,
  maxWait: number,
  shed: (reason: Reason) => Effect.Effect<never, E>
): Effect.Effect<void, E> =>
  Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      // Meanwhile another fiber may have run, and left.
      if (places.enter(turn)) return resume(Effect.void)
      if (!places.wait(turn, maxWait)) return resume(shed("queue_full"))
      const timer = runAfter(fiber.context, maxWait, () => {
        // It may have got a place, and not have gone on yet.
        if (turn.entered) return
        places.leave(turn)
        resume(shed("max_wait"))
      })
      // Whoever leaves may be another request, which cannot cancel this one's timer.
      const go = waker<void, E>(fiber, (entered) => {
        timer.cancel()
        resume(entered)
      })
      turn.onEnter = () => go(Effect.void)
      return Effect.sync(() => timer.cancel())
    })
  )
