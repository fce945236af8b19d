/**
 * A time limit for every operation.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { canShare } from "#requests"
import { around, type Filter } from "../driver/around.ts"
import type { Limit } from "../driver/Call.ts"
import type { Driver } from "../driver/Driver.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
import { waitsOf } from "../driver/waits.ts"
import type { Link } from "../internal/Chain.ts"
import { liveClock, monotonicMillis, now } from "../internal/clock.ts"
import { type Due, EqualTimers } from "../internal/EqualTimers.ts"
import * as options from "../internal/options.ts"
import { release } from "../internal/release.ts"
import { runAfter, type Timer } from "../internal/runAfter.ts"
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
  wrapperEffect(Effect.map(described.read({ duration }), ({ duration }) => limited(duration)))

/** @internal */
export const limited =
  (millis: number) =>
  (driver: Driver): Driver => {
    const waits = waitsOf(driver)
    return waits === "never" ? driver : around(waits === "within-limit" ? leavingTo(millis) : limiting(millis))(driver)
  }

/** @internal */
export const described = options.of<{ readonly duration?: Duration.Input }>()("Timeout", {
  duration: options.duration({ default: "5 seconds" })
})

const limiting =
  (millis: number): Filter =>
  (call, next) =>
    Effect.withFiber((fiber) => {
      const deadline = Math.min(call.deadline ?? Number.POSITIVE_INFINITY, now(fiber) + millis)
      const toError = () => new TimeoutError({ ...call.place, duration: Duration.millis(millis) })
      return release(next({ ...call, deadline, limit: undefined }), fiber, millis, toError, call.holder)
    })

/** Leaves it to the driver to end in time, which takes no fiber. */
const leavingTo = (millis: number): Filter => {
  const timers = new EqualTimers()
  return (call, next) =>
    Effect.withFiber((fiber) => next({ ...call, limit: new OwnLimit(call.place, millis, fiber, timers) }))
}

/** The time of one operation, from when it first waits. It has a timer only while the driver waits. */
class OwnLimit implements Limit, Due {
  at = 0
  private readonly place: Place
  private readonly millis: number
  private readonly context: Context.Context<never>
  private readonly timers: EqualTimers
  private link: Link<Due> | undefined
  private timer: Timer | undefined
  private resume: Parameters<Limit["begin"]>[0] | undefined

  constructor(place: Place, millis: number, fiber: Fiber.Fiber<unknown, unknown>, timers: EqualTimers) {
    this.place = place
    this.millis = millis
    this.context = fiber.context
    this.timers = timers
  }

  begin(resume: Parameters<Limit["begin"]>[0]): void {
    this.resume = resume
    const clock = Context.get(this.context, Clock.Clock)
    const now = monotonicMillis(clock)
    const isFirst = this.at === 0
    if (isFirst) this.at = now + this.millis
    // Only in its first wait is an operation due after all that have begun before it.
    if (isFirst && canShare && clock === liveClock) this.link = this.timers.add(this, this.millis)
    else this.timer = runAfter(this.context, this.at - now, () => this.due())
  }

  end(): void {
    if (this.link !== undefined) this.timers.remove(this.link)
    this.link = undefined
    this.timer?.cancel()
  }

  due(): void {
    this.end()
    this.resume?.(Exit.fail(new TimeoutError({ ...this.place, duration: Duration.millis(this.millis) })))
  }
}
