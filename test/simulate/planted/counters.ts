/** Wrappers with mistakes in how they increment counters. */
import { Effect } from "effect"
import { Driver, type Entry, KeyValueError, Value } from "effect-kv"

type Increment = NonNullable<Driver.Atomic["increment"]>

/** A wrapper that replaces the native increment. */
const increment = (f: (next: Increment, driver: Driver.Driver) => Increment) =>
  Driver.wrapper((driver) => ({
    ...driver,
    atomic: { ...driver.atomic!, increment: f(driver.atomic!.increment!, driver) }
  }))

/** Reads the counter, and writes it in another step. */
export const inTwoSteps = increment((_, driver) => (call) => {
  const { _tag, ...names } = Driver.toDelete(call)
  return Effect.flatMap(
    Effect.orElseSucceed(driver.get({ ...names, _tag: "get", expiry: false, versioned: false }), () => []),
    ([found]) => {
      const value = ((found?.payload.value as number | undefined) ?? call.initial) + call.by
      const entry: Entry.Entry = { payload: Value.Payload.json(value), createdAt: 0, expiresAt: found?.expiresAt }
      return Effect.as(driver.put({ ...names, _tag: "put", entries: [entry] }), { applied: true, value })
    }
  )
})

/** Repeats an increment whose reply was lost. */
export const retried = increment(
  (next) => (call) =>
    Effect.retry(
      Effect.suspend(() => next(call)),
      { times: 3, while: (error) => error.retryable }
    )
)

/** Reports an increment whose reply was lost as not applied. */
export const optimistic = increment(
  (next) => (call) =>
    Effect.mapError(next(call), () => new KeyValueError.StoreError({ ...call.place, reason: "failed" }))
)
