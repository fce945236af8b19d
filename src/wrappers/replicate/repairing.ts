import * as Effect from "effect/Effect"
import type { Driver } from "../../driver/Driver.ts"
import { outcomeOf } from "../../driver/outcome.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import { type KeyValueError, StoreUnavailableError } from "../../KeyValueError.ts"
import { atNow } from "../../time/atNow.ts"
import { now } from "../../time/clock.ts"
import { inTurns } from "./inTurns.ts"
import type { KeyState } from "./Ledger.ts"
import type { Stores } from "./Stores.ts"

/** Copies the newest value of keys to a store that missed it, every so often. */
export const repairing = (stores: Stores, store: number): Effect.Effect<never> =>
  Effect.forever(Effect.delay(round(stores, store), stores.config.pause))

const round = (stores: Stores, store: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    let isAsked = false
    return Effect.forEach(
      stores.ledger.all(),
      (state) =>
        Effect.withFiber((fiber) => {
          if (!isDue(stores, state, store, now(fiber))) return Effect.void
          if (stores.health.isWell(store)) return Effect.exit(repair(stores, state, store))
          if (isAsked) return Effect.void
          isAsked = true
          // Reading does no harm, where a write might end with an unknown outcome.
          const probe = stores.on(store, (driver) => driver.get(callOf(state, "get")))
          return Effect.andThen(
            Effect.exit(probe),
            Effect.suspend(() =>
              stores.health.isWell(store) ? Effect.exit(repair(stores, state, store)) : Effect.void
            )
          )
        }),
      { discard: true }
    )
  })

/** Whether the store is behind with a key, and whatever could still have come over a copy has done so. */
const isDue = ({ ledger }: Stores, state: KeyState, store: number, now: number): boolean =>
  ledger.get(state.id) === state &&
  state.underWay[store] === 0 &&
  now >= state.settlesAt &&
  !ledger.isUpToDate(state, store)

/** Reads the newest value of a key in its turn where it is, and writes it in its turn to a store that is behind. */
const repair = (stores: Stores, state: KeyState, store: number): Effect.Effect<void, KeyValueError> =>
  Effect.flatMap(newest(stores, state), (value) =>
    inTurn(stores, state, store, true, copy(stores, state, store, value))
  )

/** What the newest write has put, and its number. */
interface Newest {
  readonly entry: Entry | undefined
  readonly version: number
}

const newest = (stores: Stores, state: KeyState): Effect.Effect<Newest, KeyValueError> =>
  Effect.suspend(() => {
    const { ledger, health, indices } = stores
    const upToDate = indices.filter((store) => ledger.isUpToDate(state, store))
    const source = upToDate.find((store) => health.isWell(store)) ?? upToDate[0]
    if (source !== undefined) return readFrom(stores, state, source)
    const { newestValue, newest, trustedStore, busy } = state
    if (newestValue !== undefined) return Effect.succeed({ entry: newestValue.entry, version: newest })
    return trustedStore === undefined || busy > 0 ? nobody(state) : readFrom(stores, state, trustedStore)
  })

const readFrom = (stores: Stores, state: KeyState, source: number): Effect.Effect<Newest, KeyValueError> => {
  const { ledger } = stores
  let found: Newest | undefined
  const read = Effect.withFiber((fiber) => {
    const version = state.newest
    const isCurrent = () => ledger.get(state.id) === state
    const isBelieved = isCurrent() && now(fiber) >= state.settlesAt && ledger.isReadable(state, source, version)
    if (!isBelieved) return Effect.void
    return Effect.map(
      stores.on(source, (driver) => driver.get(callOf(state, "get"))),
      ([entry]) => {
        // No write has come to the store during its turn.
        if (isCurrent()) ledger.makeCertain(state, source)
        found = { entry, version }
      }
    )
  })
  return Effect.flatMap(inTurn(stores, state, source, false, read), () =>
    found === undefined ? nobody(state) : Effect.succeed(found)
  )
}

const nobody = (state: KeyState) =>
  Effect.fail(
    new StoreUnavailableError({ ...callOf(state, "get").place, reason: "no store can be believed", sent: false })
  )

/** Writes the newest value to a store, unless a newer one has been written meanwhile. The store then holds that write. */
const copy = (
  stores: Stores,
  state: KeyState,
  store: number,
  { entry, version }: Newest
): Effect.Effect<void, KeyValueError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiber((fiber) => {
      const { ledger, config } = stores
      const beganAt = now(fiber)
      if (version !== state.newest || !isDue(stores, state, store, beganAt)) return Effect.void
      ledger.begin(state, store)
      const write = Effect.map(
        stores.on(store, (driver) => put(driver, state, entry)),
        config.onRepaired
      )
      return Effect.onExitPrimitive(restore(write), (exit) => {
        const settlesAt = now(fiber) + config.settleTime
        ledger.end(state, store, { version, outcome: outcomeOf(exit), beganAt, settlesAt, entry })
        return undefined
      })
    })
  )

/** A version means something to its own store only. What has expired is deleted. */
const put = (driver: Driver, state: KeyState, entry: Entry | undefined): Effect.Effect<unknown, KeyValueError> =>
  atNow((now): Effect.Effect<unknown, KeyValueError> => {
    if (entry === undefined || isExpired(entry, now)) return driver.delete(callOf(state, "delete"))
    const { payload, createdAt, expiresAt } = entry
    return driver.put({ ...callOf(state, "put"), entries: [{ payload, createdAt, expiresAt }] })
  })

const inTurn = <E>(
  { queues }: Stores,
  state: KeyState,
  store: number,
  alone: boolean,
  effect: Effect.Effect<void, E>
) => inTurns({ queues: queues[store]!, ids: [state.id], alone, place: callOf(state, "get").place }, () => effect)

const callOf = <Operation extends "get" | "put" | "delete">({ collection, key }: KeyState, operation: Operation) => ({
  _tag: operation,
  place: { operation, collection, keys: [key] },
  deadline: undefined,
  collection,
  keys: [key],
  expiry: true,
  versioned: false
})
