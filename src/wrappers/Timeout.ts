/**
 * A time limit for every operation.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Mutable } from "effect/Types"
import { around, type Filter } from "../driver/around.ts"
import type { Limit } from "../driver/Call.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
import { type Waits, waitsOf } from "../driver/waits.ts"
import { type DeadlinesOf, deadlinesOf } from "../internal/Deadlines.ts"
import * as options from "../internal/options.ts"
import { type Release, release } from "../internal/release.ts"
import { type StoreSetupError, TimeoutError } from "../KeyValueError.ts"

/**
 * Fails operations that take longer than `duration` (default 5 seconds) with `TimeoutError`.
 *
 * **When to use**
 *
 * Use it next to the store and inside of `Retry`, so that each attempt has its limit. A limit on all attempts together,
 * or on several operations, is a `Deadline`.
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
      const deadlines = yield* deadlinesOf(millis)
      return (driver) => {
        const waits = waitsOf(driver)
        return waits === "never" ? driver : around(limit(millis, deadlines, waits))(driver)
      }
    })
  )

const limit = (millis: number, deadlinesOf: DeadlinesOf, waits: Waits | undefined): Filter => {
  const duration = Duration.millis(millis)
  return (call, next) =>
    Effect.withFiber((fiber) => {
      const clock = fiber.getRef(Clock.Clock)
      const deadline = Math.min(call.deadline ?? Number.POSITIVE_INFINITY, clock.currentTimeMillisUnsafe() + millis)
      const until = { deadlines: deadlinesOf(fiber), toError: () => new TimeoutError({ ...call.place, duration }) }
      return waits === "within-limit"
        ? leave((limit) => next({ ...call, deadline, limit }), until)
        : release(
            Effect.suspend(() => next({ ...call, deadline, limit: undefined })),
            fiber.context,
            until
          )
    })
}

/** Leaves it to the driver to end in time, which takes no fiber. */
const leave = <A, E>(
  run: (limit: Limit) => Effect.Effect<A, E>,
  { deadlines, toError }: Release<TimeoutError>
): Effect.Effect<A, E> => {
  const limit: Mutable<Limit> = { error: undefined, onDue: undefined }
  const deadline = deadlines.add(() => {
    limit.error = toError()
    limit.onDue?.(limit.error)
  })
  return Effect.onExitPrimitive(run(limit), () => {
    deadlines.remove(deadline)
    return undefined
  })
}
