/** Wrappers of one store with the mistakes of others. */
import { type Duration, Effect } from "effect"
import { Driver, KeyValueError } from "effect-kv"

/** What a conditional write changes about the driver. */
const compareAndPut = (
  f: (driver: Driver.Driver, call: Driver.CompareAndPut) => ReturnType<Driver.Atomic["compareAndPut"]>
) => Driver.wrapper((driver) => ({ ...driver, atomic: { compareAndPut: (call) => f(driver, call) } }))

const names = (call: Driver.CompareAndPut) => {
  const { _tag, ...names } = Driver.toDelete(call)
  return names
}

/** Writes whatever was there: a read and a write, not one step. */
export const updateInTwoSteps = compareAndPut((driver, call) =>
  call.entry === undefined
    ? Effect.map(driver.delete(Driver.toDelete(call)), (count) => count > 0)
    : Effect.as(driver.put({ ...names(call), _tag: "put", entries: [call.entry] }), true)
)

/** An update makes an entry that does not expire. */
export const updateWithoutTtl = compareAndPut((driver, call) =>
  driver.atomic!.compareAndPut({ ...call, entry: call.entry && { ...call.entry, expiresAt: undefined } })
)

/** Does a conditional write again when its reply was lost, and takes its own work for another's. */
export const retriedUpdates = compareAndPut((driver, call) =>
  Effect.retry(driver.atomic!.compareAndPut(call), { times: 3 })
)

/** A new value expires when the old one would have. */
export const keptExpiry = Driver.wrapper((driver) => ({
  ...driver,
  put: (call) => {
    const { _tag, ...names } = Driver.toDelete(call)
    return Effect.flatMap(
      Effect.orElseSucceed(driver.get({ ...names, _tag: "get", expiry: true, versioned: false }), () => []),
      (found) =>
        driver.put({
          ...call,
          entries: call.entries.map((entry, i) => ({ ...entry, expiresAt: entry.expiresAt ?? found[i]?.expiresAt }))
        })
    )
  }
}))

/** Says of what took too long that it was not done. */
export const optimisticTimeout = (limit: Duration.Input) =>
  Driver.wrapper(
    Driver.around((call, next) =>
      Effect.timeoutOrElse(next(call), {
        duration: limit,
        orElse: () =>
          Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "too slow", sent: false }))
      })
    )
  )

/** Tells what the last attempt says, though the first may have been applied. */
export const forgetfulRetry = Driver.wrapper(
  Driver.around((call, next) =>
    call._tag === "compareAndPut"
      ? next(call)
      : Effect.retry(
          Effect.suspend(() => next(call)),
          { times: 1 }
        )
  )
)

/** A failure is a miss. */
export const failuresAreMisses = Driver.wrapper((driver) => ({
  ...driver,
  get: (call) => Effect.orElseSucceed(driver.get(call), () => call.keys.map(() => undefined))
}))

/** A read that finds nothing removes what it takes for expired, and with it what was written meanwhile. */
export const cleaningReads = Driver.wrapper((driver) => ({
  ...driver,
  get: (call) =>
    Effect.tap(driver.get(call), (found) => {
      const { _tag, keys, ...names } = Driver.toDelete(call)
      const missing = keys.filter((_, i) => found[i] === undefined)
      return missing.length === 0
        ? Effect.void
        : Effect.ignore(driver.delete({ ...names, _tag: "delete", keys: missing }))
    })
}))

/** Stores a batch entry by entry, and says of a failure half-way that nothing was stored. */
export const halfBatches = Driver.wrapper((driver) => ({
  ...driver,
  put: (call) =>
    call.keys.length === 1
      ? driver.put(call)
      : Effect.mapError(
          Effect.forEach(call.keys, (_, i) => driver.put(Driver.pick(call, [i])), { discard: true }),
          () => new KeyValueError.StoreError({ ...call.place, reason: "a batch failed" })
        )
}))

/** Answers before it has written. */
export const writeBehind = Driver.wrapper((driver) => ({
  ...driver,
  put: (call) => Effect.asVoid(Effect.forkDetach(Effect.ignore(driver.put(call))))
}))

/** Each read leaves a fiber behind. */
export const leaking = Driver.wrapper((driver) => ({
  ...driver,
  get: (call) => Effect.andThen(Effect.forkDetach(Effect.never), driver.get(call))
}))

/** Does not expect that a call can fail. */
export const dying = Driver.wrapper(Driver.around((call, next) => Effect.orDie(next(call))))

/** Answers that it has stored what is too large for it. */
export const pretendedInserts = compareAndPut((driver, call) => {
  const { padding } = (call.entry?.payload.value ?? {}) as { readonly padding?: unknown }
  return call.expected === undefined && padding !== undefined
    ? Effect.succeed(true)
    : driver.atomic!.compareAndPut(call)
})

/** Looks whether there is anything to delete, and then removes what is there by now. */
export const lateDeletes = Driver.wrapper((driver) => ({
  ...driver,
  delete: (call) =>
    Effect.flatMap(
      driver.get({ ...call, _tag: "get", expiry: false, versioned: false }) as Effect.Effect<any>,
      (found) => Effect.as(driver.delete(call), found.filter((entry: unknown) => entry !== undefined).length)
    )
}))

/** Each update takes some milliseconds from the life of the entry. */
export const shorteningUpdates = compareAndPut((driver, call) =>
  driver.atomic!.compareAndPut({
    ...call,
    entry: call.entry && { ...call.entry, expiresAt: call.entry.expiresAt && call.entry.expiresAt - 5 }
  })
)

/** A part of a listing that fails is left out. */
export const partialListings = Driver.wrapper((driver) => ({
  ...driver,
  listing: {
    ...driver.listing!,
    keys: (call) => Effect.orElseSucceed(driver.listing!.keys(call), () => ({ names: [], next: undefined }))
  }
}))

/** The store has another tenant's entries, too, and removing expired ones does not look whose they are. */
export const sharedRemovals = Driver.wrapperEffect(
  Effect.succeed((driver: Driver.Driver): Driver.Driver => {
    let othersExpired = 40
    return {
      ...driver,
      maintenance: {
        ...driver.maintenance!,
        removeExpired: (call) =>
          Effect.map(driver.maintenance!.removeExpired(call), ({ count, next }) => {
            const removed = count + othersExpired
            othersExpired = 0
            return { count: removed, next }
          })
      }
    }
  })
)
