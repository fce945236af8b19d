/**
 * A time limit for every operation.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { around, type Filter } from "../driver/around.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
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
  wrapperEffect(Effect.map(options.millis("Timeout", "the duration", duration), (millis) => around(limit(millis))))

const limit = (millis: number): Filter => {
  const duration = Duration.millis(millis)
  return (call, next) =>
    Effect.clockWith((clock) => {
      const deadline = Math.min(call.deadline ?? Number.POSITIVE_INFINITY, clock.currentTimeMillisUnsafe() + millis)
      return release(
        next({ ...call, deadline }),
        duration,
        Effect.suspend(() => Effect.fail(new TimeoutError({ ...call.place, duration })))
      )
    })
}

/**
 * Runs an effect on a fiber of its own and stops waiting for it at the limit.
 *
 * `Effect.timeout` would wait until the effect has ended, which takes as long as an uninterruptible one likes.
 */
const release = <A, E, E2>(
  effect: Effect.Effect<A, E>,
  duration: Duration.Duration,
  orElse: Effect.Effect<never, E2>
): Effect.Effect<A, E | E2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(restore(effect), { startImmediately: true }), (fiber) => {
      const done = fiber.pollUnsafe()
      if (done !== undefined) return done
      return restore(Effect.timeoutOrElse(Fiber.join(fiber), { duration, orElse: () => orElse })).pipe(
        Effect.onError(() => Effect.sync(() => fiber.interruptUnsafe()))
      )
    })
  )
