/**
 * A time limit for every operation.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { around, type Filter } from "../driver/around.ts"
import type { Limit } from "../driver/Call.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
import { type Waits, waitsOf } from "../driver/waits.ts"
import { type Deadline, type Deadlines, type DeadlinesOf, deadlinesOf } from "../internal/Deadlines.ts"
import * as options from "../internal/options.ts"
import { release } from "../internal/release.ts"
import { type Place, type StoreSetupError, TimeoutError } from "../KeyValueError.ts"

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
      const deadlines = deadlinesOf(fiber)
      if (waits === "within-limit") return next({ ...call, limit: new Due(call.place, duration, deadlines) })
      const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
      const deadline = Math.min(call.deadline ?? Number.POSITIVE_INFINITY, now + millis)
      return release(next({ ...call, deadline, limit: undefined }), fiber.context, {
        deadlines,
        toError: () => new TimeoutError({ ...call.place, duration })
      })
    })
}

/** The time of an operation whose driver ends in time on its own, which takes no fiber; one of the deadlines meanwhile. */
class Due implements Limit, Deadline {
  private readonly place: Place
  private readonly duration: Duration.Duration
  private readonly deadlines: Deadlines
  private resume: Parameters<Limit["begin"]>[0] | undefined = undefined
  at: number
  earlier: Deadline | undefined = undefined
  later: Deadline | undefined = undefined

  constructor(place: Place, duration: Duration.Duration, deadlines: Deadlines) {
    this.place = place
    this.duration = duration
    this.deadlines = deadlines
    this.at = deadlines.next()
  }

  begin(resume: Parameters<Limit["begin"]>[0]): void {
    this.resume = resume
    this.deadlines.insert(this)
  }

  end(): void {
    this.deadlines.remove(this)
  }

  due(): void {
    this.resume?.(Exit.fail(new TimeoutError({ ...this.place, duration: this.duration })))
  }
}
