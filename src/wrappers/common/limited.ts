import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { canShare } from "#requests"
import type { Link } from "../../concurrency/Chain.ts"
import { type Due, EqualTimers } from "../../concurrency/EqualTimers.ts"
import { around, type Filter } from "../../driver/around.ts"
import type { Limit } from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { waitsOf } from "../../driver/waits.ts"
import { type Place, TimeoutError } from "../../KeyValueError.ts"
import { liveClock, monotonicMillis, now } from "../../time/clock.ts"
import { release } from "../../time/release.ts"
import { runAfter, type Timer } from "../../time/runAfter.ts"

/** Ends the operations of a driver after so many milliseconds: through the driver itself, where it can. */
export const limited =
  (millis: number) =>
  (driver: Driver): Driver => {
    const waits = waitsOf(driver)
    return waits === "never" ? driver : around(waits === "within-limit" ? leavingTo(millis) : limiting(millis))(driver)
  }

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
