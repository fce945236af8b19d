import * as Effect from "effect/Effect"
import { waker } from "../../concurrency/wake.ts"
import { runAfter } from "../../time/runAfter.ts"
import type { Places, Turn } from "./Places.ts"

/** Why a call was rejected. */
export type Reason = "queue_full" | "max_wait"

/** Waits until a call has a place, or fails with what `reject` returns. */
export const waiting = <E>(
  places: Places,
  turn: Turn,
  maxWait: number,
  reject: (reason: Reason) => Effect.Effect<never, E>
): Effect.Effect<void, E> =>
  Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      // Another fiber may have run since, and left.
      if (places.enter(turn)) return resume(Effect.void)
      if (!places.wait(turn, maxWait)) return resume(reject("queue_full"))
      const cancel = runAfter(fiber.context, maxWait, () => {
        // The call may have a place already, while its fiber has not resumed yet.
        if (turn.entered) return
        places.leave(turn)
        resume(reject("max_wait"))
      })
      // The call that leaves may belong to another request, which cannot cancel this one's timer.
      const go = waker<void, E>(fiber, (entered) => {
        cancel()
        resume(entered)
      })
      turn.onEnter = () => go(Effect.void)
      return Effect.sync(cancel)
    })
  )
