import * as Effect from "effect/Effect"
import type * as Call from "../../driver/Call.ts"
import { combine, inTurn } from "../../driver/combine.ts"
import type { Driver } from "../../driver/Driver.ts"
import { amendedListing, type Named } from "../../internal/amendedListing.ts"
import { clearByListing } from "../../internal/clearByListing.ts"
import { StoreUnavailableError } from "../../KeyValueError.ts"
import { reading } from "./reading.ts"
import type { Stores } from "./Stores.ts"
import { writing } from "./writing.ts"

/** Several stores as one. It has the operations that all of them have. */
export const replicated = (stores: Stores, drivers: readonly [Driver, ...Array<Driver>]): Driver => {
  const shared = combine(drivers, (call, nexts) =>
    Effect.clockWith((clock) => {
      const order = stores.health
        .order(clock.currentTimeMillisUnsafe())
        .filter((store) => !stores.ledger.givenUp[store])
      return stores.inOrder(order, (store) => nexts[store]!(call))
    })
  )
  const { compareAndPut: _, keys, collections, clear, removeExpired, ...kept } = shared
  const get = reading(stores)
  const driver = {
    ...kept,
    get,
    put: writing(stores, (driver, call: Call.Put) => driver.put(call)),
    delete: writing(stores, (driver, call: Call.Delete) => driver.delete(call))
  }
  const listing =
    keys && collections ? amendedListing({ keys, collections }, () => stores.ledger.all(), live(get)) : undefined
  return {
    ...driver,
    ...listing,
    ...(listing && clear && { clear: clearByListing({ ...driver, ...listing }) }),
    ...(removeExpired && { removeExpired: inTurn(drivers.map(countingOnce)) })
  }
}

/** Asks which of the keys there are. */
const live =
  (get: Driver["get"]) =>
  (names: ReadonlyArray<Named>, { place, deadline, collection }: Call.Keys) => {
    const keys = names.map(({ key }) => key)
    if (keys.length === 0) return Effect.succeed([])
    const call = { _tag: "get", place, deadline, collection, keys, expiry: false, versioned: false } as const
    return Effect.mapBoth(get(call), {
      onSuccess: (found) => keys.filter((_, i) => found[i] !== undefined),
      onFailure: (cause) =>
        new StoreUnavailableError({ ...place, reason: "a key could not be read", sent: false, cause })
    })
  }

/** What has expired is there several times, and counts once. */
const countingOnce =
  (driver: Driver, store: number): NonNullable<Driver["removeExpired"]> =>
  (call) =>
    Effect.map(driver.removeExpired!(call), ({ count, next }) => ({ count: store === 0 ? count : 0, next }))
