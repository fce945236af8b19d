/**
 * A time limit for every operation.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import { around, type Filter } from "../driver/around.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
import { Deadlines } from "../internal/Deadlines.ts"
import * as options from "../internal/options.ts"
import { type StoreSetupError, TimeoutError } from "../KeyValueError.ts"

/**
 * Fails operations that take longer than `duration` (default 5 seconds) with `TimeoutError`.
 *
 * **When to use**
 *
 * Use it next to the store and inside of `Retry`, so that each attempt has its limit; once more outside of `Retry` for
 * a limit on all attempts together.
 *
 * **Details**
 *
 * The operation is interrupted, and the caller is released at the limit even when the operation cannot be interrupted
 * and goes on. Enumeration and clearing have the limit for each page. Calls carry the limit on as `deadline`, for
 * stores and wrappers that can make use of it.
 *
 * **Gotchas**
 *
 * A write that timed out may still be applied: its `outcome` is `"unknown"`.
 *
 * Fails to build with `StoreSetupError` unless the duration is positive and finite.
 *
 * @since 0.1.0
 */
export const wrap = (duration: Duration.Input = "5 seconds"): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.gen(function* () {
      const millis = yield* options.millis("Timeout", "the duration", duration)
      const deadlines = new Map<Clock.Clock, Deadlines>()
      yield* Effect.addFinalizer(() => Effect.sync(() => deadlines.forEach((it) => void it.close())))
      return around(limit(millis, deadlines))
    })
  )

const limit = (millis: number, byClock: Map<Clock.Clock, Deadlines>): Filter => {
  const duration = Duration.millis(millis)
  return (call, next) =>
    Effect.withFiber((fiber) => {
      const clock = fiber.getRef(Clock.Clock)
      let deadlines = byClock.get(clock)
      if (deadlines === undefined)
        byClock.set(clock, (deadlines = new Deadlines(clock, millis, fiber.getRef(Scheduler.Scheduler))))
      const deadline = Math.min(call.deadline ?? Number.POSITIVE_INFINITY, clock.currentTimeMillisUnsafe() + millis)
      return release(
        Effect.runForkWith(fiber.context)(Effect.suspend(() => next({ ...call, deadline }))),
        deadlines,
        () => new TimeoutError({ ...call.place, duration })
      )
    })
}

/**
 * Waits for a fiber, but not beyond the deadline.
 *
 * `Effect.timeout` would wait until the operation has ended, which takes as long as an uninterruptible one likes.
 */
const release = <A, E, E2>(
  fiber: Fiber.Fiber<A, E>,
  deadlines: Deadlines,
  toError: () => E2
): Effect.Effect<A, E | E2> => {
  const done = fiber.pollUnsafe()
  if (done !== undefined) return done
  return Effect.callback((resume) => {
    const deadline = deadlines.add(() => {
      giveUp()
      resume(Effect.fail(toError()))
    })
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
}
