/** Stores that are slow, fail or throw, for the tests of Logging, Statistics and Tracing. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Driver from "../../src/Driver.ts"
import type { Call } from "../../src/driver/Call.ts"
import { StoreError, StoreUnavailableError } from "../../src/KeyValueError.ts"

/** Delays every operation. */
export const slow = (duration: Duration.Input) =>
  Driver.wrapper(
    Driver.around((call, next) =>
      Effect.andThen(
        Effect.sleep(duration),
        Effect.suspend(() => next(call))
      )
    )
  )

/** Fails calls by collection: `down` is unreachable, `refused` refuses, `broken` dies. */
export const failing = Driver.wrapper((driver) => ({
  ...driver,
  get: (call) => failureOf(call) ?? driver.get(call),
  put: (call) => failureOf(call) ?? driver.put(call),
  delete: (call) => failureOf(call) ?? driver.delete(call)
}))

const failureOf = ({ place }: Call) => {
  if (place.collection === "down") {
    const cause = Object.assign(new Error("cannot write secret-value"), { code: "ECONNREFUSED" })
    return Effect.fail(new StoreUnavailableError({ ...place, reason: `open '/secret-key.json'`, sent: false, cause }))
  }
  if (place.collection === "refused") {
    return Effect.fail(new StoreError({ ...place, reason: `ERR cannot run 'SET' 'secret-key' 'secret-value'` }))
  }
  return place.collection === "broken" ? Effect.die(new Error("a bug")) : undefined
}

/** Throws while the effect of a read is being built. */
export const throwing = Driver.wrapper((driver) => ({
  ...driver,
  get: () => {
    throw new Error("a bug")
  }
}))
