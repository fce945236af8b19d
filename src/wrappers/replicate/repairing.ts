import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { Driver } from "../../driver/Driver.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import { idOf } from "../../internal/ids.ts"
import { inTurn } from "../../internal/Lanes.ts"
import { type KeyValueError, StoreUnavailableError } from "../../KeyValueError.ts"
import type { KeyState } from "./Ledger.ts"
import type { Stores } from "./Stores.ts"
import { note } from "./writing.ts"

/** Copies the newest value of keys to the stores that missed it, every so often, as long as the layer lives. */
export const repairing = (stores: Stores): Effect.Effect<never> => {
  const round = Effect.suspend(() =>
    Effect.forEach(stores.ledger.all(), (state) => Effect.ignore(repair(stores, state)), { discard: true })
  )
  const guarded = Effect.catchCauseIf(
    round,
    (cause) => !Cause.hasInterrupts(cause),
    () => Effect.void
  )
  return Effect.forever(Effect.delay(guarded, stores.config.pause))
}

/** Repairs a key, in its turn among the writes of this key in all the stores. */
export const repair = (stores: Stores, state: KeyState): Effect.Effect<void, KeyValueError> =>
  Effect.clockWith((clock) => {
    const { ledger, lanes } = stores
    const ids = [idOf(state.collection, state.key)]
    const isDue = () =>
      ledger.get(ids[0]!) === state &&
      clock.currentTimeMillisUnsafe() >= state.settlesAt &&
      state.underWay.every((count) => count === 0) &&
      targetsOf(stores, state).length > 0
    if (!isDue()) return Effect.void
    const work = Effect.suspend(() => (isDue() ? copy(stores, state) : Effect.void))
    return inTurn(() => lanes.map((lane) => lane.enter(ids)), work)
  })

/** Stores that are behind and well. */
const targetsOf = ({ ledger, health, indices }: Stores, state: KeyState): ReadonlyArray<number> =>
  indices.filter((store) => health.isWell(store) && !ledger.isUpToDate(state, store))

/** Writes the newest value to the stores that are behind. Whatever could still have come over it has done so by now. */
const copy = (stores: Stores, state: KeyState): Effect.Effect<void, KeyValueError> =>
  Effect.flatMap(newest(stores, state), (entry) => {
    const write = (store: number) =>
      noted(
        stores,
        state,
        store,
        Effect.map(
          stores.on(store, (driver) => put(driver, state, entry)),
          stores.config.onRepaired
        )
      )
    return Effect.forEach(targetsOf(stores, state), (store) => Effect.ignore(write(store)), { discard: true })
  })

const newest = (stores: Stores, state: KeyState): Effect.Effect<Entry | undefined, KeyValueError> => {
  const { ledger, indices } = stores
  const source = indices.find((store) => ledger.isUpToDate(state, store))
  if (source === undefined && state.truth !== undefined) return Effect.succeed(state.truth.entry)
  const store = source ?? state.authority
  if (store === undefined)
    return Effect.fail(
      new StoreUnavailableError({ ...at(state, "get").place, reason: "no store can be believed", sent: false })
    )
  const call = { ...at(state, "get"), _tag: "get", expiry: true, versioned: false } as const
  return Effect.map(
    stores.on(store, (driver) => driver.get(call)),
    ([entry]) => {
      ledger.makeCertain(state, store)
      return entry
    }
  )
}

/** A version means something to its own store only. What has expired is deleted. */
const put = (driver: Driver, state: KeyState, entry: Entry | undefined): Effect.Effect<unknown, KeyValueError> =>
  Effect.clockWith((clock) => {
    if (entry === undefined || isExpired(entry, clock.currentTimeMillisUnsafe())) {
      return driver.delete({ ...at(state, "delete"), _tag: "delete" })
    }
    const { payload, createdAt, expiresAt } = entry
    return driver.put({ ...at(state, "put"), _tag: "put", entries: [{ payload, createdAt, expiresAt }] })
  })

const at = ({ collection, key }: KeyState, operation: "get" | "put" | "delete") => ({
  place: { operation, collection, keys: [key] },
  deadline: undefined,
  collection,
  keys: [key]
})

/** A copy is the newest write that the store then holds. */
const noted = <A, E>(stores: Stores, state: KeyState, store: number, write: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    state.underWay[store]!++
    return note(stores, { states: [state], store, version: state.newest, entryOf: () => undefined }, write, () => {})
  })
