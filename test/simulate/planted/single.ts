/** Wrappers of one store with mistakes that other libraries have made. */
import { type Duration, Effect } from "effect"
import { Driver, Health, KeyValueError } from "effect-kv"

/** A wrapper that replaces `compareAndPut`. */
const compareAndPut = (
  f: (driver: Driver.Driver, call: Driver.CompareAndPut) => ReturnType<Driver.Atomic["compareAndPut"]>
) => Driver.wrapper((driver) => ({ ...driver, atomic: { compareAndPut: (call) => f(driver, call) } }))

const names = (call: Driver.CompareAndPut) => {
  const { _tag, ...names } = Driver.toDelete(call)
  return names
}

/** Writes without comparing: a read and a write instead of one atomic step. */
export const updateInTwoSteps = compareAndPut((driver, call) =>
  call.entry === undefined
    ? Effect.map(driver.delete(Driver.toDelete(call)), (count) => count > 0)
    : Effect.as(driver.put({ ...names(call), _tag: "put", entries: [call.entry] }), true)
)

/** Drops the expiry on an update. */
export const updateWithoutTtl = compareAndPut((driver, call) =>
  driver.atomic!.compareAndPut({ ...call, entry: call.entry && { ...call.entry, expiresAt: undefined } })
)

/** Retries a conditional write whose reply was lost, and takes its own write for a conflict. */
export const retriedUpdates = compareAndPut((driver, call) =>
  Effect.retry(driver.atomic!.compareAndPut(call), { times: 3 })
)

/** Keeps the expiry of the old value for a new value. */
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

/** Reports a write that timed out as not applied. */
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

/** Reports the outcome of the last attempt, although the first may have been applied. */
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

/** Returns a failure as a miss. */
export const failuresAreMisses = Driver.wrapper((driver) => ({
  ...driver,
  get: (call) => Effect.orElseSucceed(driver.get(call), () => call.keys.map(() => undefined))
}))

/** A read that finds nothing deletes the key as expired, and with it an entry that was written meanwhile. */
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

/** Stores a batch entry by entry, and reports a failure half-way as not applied. */
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

/** Returns before it has written. */
export const writeBehind = Driver.wrapper((driver) => ({
  ...driver,
  put: (call) => Effect.asVoid(Effect.forkDetach(Effect.ignore(driver.put(call))))
}))

/** Leaks a fiber on each read. */
export const leaking = Driver.wrapper((driver) => ({
  ...driver,
  get: (call) => Effect.andThen(Effect.forkDetach(Effect.never), driver.get(call))
}))

/** Turns every failure into a defect. */
export const dying = Driver.wrapper(Driver.around((call, next) => Effect.orDie(next(call))))

/** Acknowledges an entry that is too large, without storing it. */
export const pretendedInserts = compareAndPut((driver, call) => {
  const { padding } = (call.entry?.payload.value ?? {}) as { readonly padding?: unknown }
  return call.expected === undefined && padding !== undefined
    ? Effect.succeed(true)
    : driver.atomic!.compareAndPut(call)
})

/** Checks whether there is an entry to delete, and later deletes whatever is stored by then. */
export const lateDeletes = Driver.wrapper((driver) => ({
  ...driver,
  delete: (call) =>
    Effect.flatMap(
      driver.get({ ...call, _tag: "get", expiry: false, versioned: false }) as Effect.Effect<any>,
      (found) => Effect.as(driver.delete(call), found.filter((entry: unknown) => entry !== undefined).length)
    )
}))

/** Each update shortens the expiry by some milliseconds. */
export const shorteningUpdates = compareAndPut((driver, call) =>
  driver.atomic!.compareAndPut({
    ...call,
    entry: call.entry && { ...call.entry, expiresAt: call.entry.expiresAt && call.entry.expiresAt - 5 }
  })
)

/** Leaves out a page of a listing that fails. */
export const partialListings = Driver.wrapper((driver) => ({
  ...driver,
  listing: {
    ...driver.listing!,
    keys: (call) => Effect.orElseSucceed(driver.listing!.keys(call), () => ({ names: [], next: undefined }))
  }
}))

/** Another tenant shares the store, and `removeExpired` removes its entries, too. */
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

/** Reports that the store fails, and never that it answers again. */
export const neverWell = Driver.wrapperEffect(
  Effect.map(Health.reporter({ module: "NeverWell" }), (report) => (driver: Driver.Driver): Driver.Driver => {
    const health = report(driver.system, [driver])
    const noting = Driver.around((call, next) =>
      Effect.tapError(next(call), () => Effect.sync(() => health.to("down", "The store fails.")))
    )
    return { ...noting(driver), health }
  })
)
