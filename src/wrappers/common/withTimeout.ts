import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import { canShare } from "#requests"
import type { Link } from "../../concurrency/Chain.ts"
import { EqualTimers, type Timer } from "../../concurrency/EqualTimers.ts"
import { around, type Filter } from "../../driver/around.ts"
import type { Limit } from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { waitsOf } from "../../driver/waits.ts"
import { type Place, TimeoutError } from "../../KeyValueError.ts"
import { liveClock, monotonicMillis } from "../../time/clock.ts"
import { type Cancel, runAfter } from "../../time/runAfter.ts"
import { limitTime } from "./limitTime.ts"

/** Fails operations that take longer than `millis`, at the least cost that the driver's declaration allows. */
export const withTimeout =
  (millis: number) =>
  (driver: Driver): Driver => {
    switch (waitsOf(driver)) {
      case "never":
        return driver
      case "within-limit":
        return around(leavingLimitToDriver(millis))(driver)
      default:
        return around(limitTime(() => millis))(driver)
    }
  }

const leavingLimitToDriver = (millis: number): Filter => {
  const timers = new EqualTimers(millis)
  return (call, next) =>
    Effect.withFiber((fiber) => next({ ...call, limit: new CallLimit(call.place, millis, fiber.context, timers) }))
}

/**
 * The limit of one operation, whose time begins with the first wait. It has a timer only while the driver waits. A class,
 * since one is made for every operation.
 */
class CallLimit implements Limit, Timer {
  endsAt = 0
  link: Link<Timer> | undefined
  private onExceeded: Parameters<Limit["start"]>[0] = constVoid
  private readonly place: Place
  private readonly millis: number
  private readonly context: Context.Context<never>
  private readonly timers: EqualTimers

  constructor(place: Place, millis: number, context: Context.Context<never>, timers: EqualTimers) {
    this.place = place
    this.millis = millis
    this.context = context
    this.timers = timers
  }

  start(onExceeded: Parameters<Limit["start"]>[0]): Cancel {
    this.onExceeded = onExceeded
    const clock = Context.get(this.context, Clock.Clock)
    const now = monotonicMillis(clock)
    const isFirst = this.endsAt === 0
    if (isFirst) this.endsAt = now + this.millis
    // Later waits of operations do not end in the order in which they begin.
    if (!isFirst || !canShare || clock !== liveClock) {
      return runAfter(this.context, this.endsAt - now, () => this.run())
    }
    this.timers.start(this)
    return () => this.timers.stop(this)
  }

  run(): void {
    this.onExceeded(Exit.fail(new TimeoutError({ ...this.place, duration: Duration.millis(this.millis), sent: true })))
  }
}
