import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { mapOperations, type Next } from "../../driver/around.ts"
import type * as Call from "../../driver/Call.ts"
import * as Calls from "../../driver/Calls.ts"
import { combine, inTurn } from "../../driver/combine.ts"
import type { Driver, Maintenance } from "../../driver/Driver.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import { amendedListing, grouped, type Named } from "../../driver/listing/amendedListing.ts"
import { clearByListing } from "../../driver/listing/clearByListing.ts"
import { StoreUnavailableError } from "../../KeyValueError.ts"
import { now } from "../../time/clock.ts"
import { reading } from "./reading.ts"
import type { Stores } from "./Stores.ts"
import { writing } from "./writing.ts"

/** Several stores as one, with the capabilities that all of them have. */
export const replicated = (stores: Stores, drivers: readonly [Driver, ...Array<Driver>]): Driver => {
  const inOrder = combine(drivers, (call, nexts) =>
    Effect.withFiber((fiber) => stores.inOrder(stores.readable(now(fiber)), (store) => nexts[store]!(call)))
  )
  const shared = mapOperations(inOrder, (next) => gate(stores, next))
  const get = reading(stores)
  const driver = {
    ...shared,
    get,
    put: writing(stores, { run: (driver, call: Call.Put) => driver.put(call), sum: () => undefined }),
    delete: writing(stores, { run: (driver, call: Call.Delete) => driver.delete(call), sum: (a, b) => a + b }),
    atomic: undefined
  }
  const listing = shared.listing && amendedListing(shared.listing, () => grouped(stores.ledger.all()), existing(get))
  const maintenance = listing &&
    shared.maintenance && {
      clear: clearByListing({ ...driver, listing }),
      removeExpired: gate(stores, inTurn(drivers.map(countingOnce)))
    }
  return { ...driver, listing, maintenance }
}

/** Fails at once when the layer is closed. A driver that throws when it is called is a defect of the call. */
const gate =
  <C extends Call.Call, A, E>(stores: Stores, next: Next<C, A, E>): Next<C, A, E | StoreUnavailableError> =>
  (call) =>
    Effect.suspend(
      (): Effect.Effect<A, E | StoreUnavailableError> =>
        stores.isClosed ? Effect.fail(layerClosed(call.place, false)) : next(call)
    )

/** How many keys are read at a time to find out whether they exist. */
const atATime = 100

/** Finds out which of the keys exist. */
const existing =
  (get: Driver["get"]) =>
  (names: ReadonlyArray<Named>, { place, deadline, collection }: Call.Keys) => {
    const found = Effect.forEach(Arr.chunksOf(names, atATime), (part) => {
      const keys = part.map(({ key }) => key)
      const call = { ...Calls.get(place), deadline, collection, keys }
      return Effect.map(get(call), (entries) => keys.filter((_, i) => entries[i] !== undefined))
    })
    return Effect.mapBoth(found, {
      onSuccess: (parts) => parts.flat(),
      onFailure: (cause) =>
        new StoreUnavailableError({ ...place, reason: "a key could not be read", sent: false, cause })
    })
  }

/** An expired entry is in several stores, and counts once. */
const countingOnce =
  ({ maintenance }: Driver, store: number): Maintenance["removeExpired"] =>
  (call) =>
    Effect.map(maintenance!.removeExpired(call), ({ count, next }) => ({ count: store === 0 ? count : 0, next }))
