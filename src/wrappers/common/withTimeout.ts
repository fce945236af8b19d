import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { around } from "../../driver/around.ts"
import type { Limit } from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { waitsOf } from "../../driver/waits.ts"
import { type Place, TimeoutError } from "../../KeyValueError.ts"
import { monotonicMillis } from "../../time/clock.ts"
import { runAfter } from "../../time/runAfter.ts"
import { limitTime } from "./limitTime.ts"

/** Fails operations that take longer than `millis`, at the least cost that the driver's declaration allows. */
export const withTimeout =
  (millis: number) =>
  (driver: Driver): Driver => {
    switch (waitsOf(driver)) {
      case "never":
        return driver
      case "within-limit":
        return around((call, next) =>
          Effect.withFiber((fiber) => next({ ...call, limit: limitOf(call.place, millis, fiber) }))
        )(driver)
      default:
        return around(limitTime(() => millis))(driver)
    }
  }

/** The limit of one operation. It begins with the first wait, and starts a timer only while the driver waits. */
const limitOf = (place: Place, millis: number, fiber: Fiber.Fiber<unknown, unknown>): Limit => {
  const { context } = fiber
  const clock = fiber.getRef(Clock.Clock)
  let endsAt: number | undefined
  return {
    start: (onExceeded) => {
      const now = monotonicMillis(clock)
      endsAt ??= now + millis
      return runAfter(context, endsAt - now, () =>
        onExceeded(Exit.fail(new TimeoutError({ ...place, duration: Duration.millis(millis), sent: true })))
      )
    }
  }
}
