import * as Effect from "effect/Effect"
import * as Calls from "../../driver/Calls.ts"
import type { Driver } from "../../driver/Driver.ts"
import { outcomeOf } from "../../driver/outcome.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import { type KeyValueError, type Operation, type Place, StoreUnavailableError } from "../../KeyValueError.ts"
import { atNow } from "../../time/atNow.ts"
import { now } from "../../time/clock.ts"
import { inTurns } from "./inTurns.ts"
import type { KeyState } from "./Ledger.ts"
import type { Stores } from "./Stores.ts"

/** Copies the newest value of keys to a store that has missed it, in rounds. */
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
          // A read, not a write, finds out whether the store is back, because a write might end with an unknown
          // outcome.
          const probe = stores.on(store, (driver) => driver.get(Calls.get(placeOf(state, "get"), { expiry: true })))
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

/** Whether the store is behind with a key, and no older write may still replace a copy. */
const isDue = ({ ledger }: Stores, state: KeyState, store: number, now: number): boolean =>
  ledger.get(state.id) === state &&
  state.underWay[store] === 0 &&
  now >= state.settlesAt &&
  !ledger.isUpToDate(state, store)

/** Reads the newest value of a key from a store that holds it, and writes it to a store that is behind, both in turns. */
const repair = (stores: Stores, state: KeyState, store: number): Effect.Effect<void, KeyValueError> =>
  Effect.flatMap(newest(stores, state), (value) =>
    inTurn(stores, state, store, true, copy(stores, state, store, value))
  )

/** The entry of the newest write, and its number. */
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
    const { newestValue, newest, trustedStore, totalUnderWay } = state
    if (newestValue !== undefined) return Effect.succeed({ entry: newestValue.entry, version: newest })
    return trustedStore === undefined || totalUnderWay > 0 ? noSource(state) : readFrom(stores, state, trustedStore)
  })

const readFrom = (stores: Stores, state: KeyState, source: number): Effect.Effect<Newest, KeyValueError> => {
  const { ledger } = stores
  let found: Newest | undefined
  const read = Effect.withFiber((fiber) => {
    const version = state.newest
    const isCurrent = () => ledger.get(state.id) === state
    const isTrusted = isCurrent() && now(fiber) >= state.settlesAt && ledger.isReadable(state, source, version)
    if (!isTrusted) return Effect.void
    return Effect.map(
      stores.on(source, (driver) => driver.get(Calls.get(placeOf(state, "get"), { expiry: true }))),
      ([entry]) => {
        // No write of the key has begun in the store during the turn of this read.
        if (isCurrent()) ledger.makeCertain(state, source)
        found = { entry, version }
      }
    )
  })
  return Effect.flatMap(inTurn(stores, state, source, false, read), () =>
    found === undefined ? noSource(state) : Effect.succeed(found)
  )
}

const noSource = (state: KeyState) =>
  Effect.fail(new StoreUnavailableError({ ...placeOf(state, "get"), reason: "no store can be believed", sent: false }))

/** Writes the newest value to a store, unless the store is no longer behind, or this value is no longer the newest. */
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

/** Puts an entry without its version, which only its own store knows. An expired entry is deleted. */
const put = (driver: Driver, state: KeyState, entry: Entry | undefined): Effect.Effect<unknown, KeyValueError> =>
  atNow((now): Effect.Effect<unknown, KeyValueError> => {
    if (entry === undefined || isExpired(entry, now)) return driver.delete(Calls.remove(placeOf(state, "delete")))
    const { payload, createdAt, expiresAt } = entry
    return driver.put(Calls.put(placeOf(state, "put"), [{ payload, createdAt, expiresAt }]))
  })

const inTurn = <E>(
  { queues }: Stores,
  state: KeyState,
  store: number,
  alone: boolean,
  effect: Effect.Effect<void, E>
) => inTurns({ queues: queues[store]!, ids: [state.id], alone, place: placeOf(state, "get") }, () => effect)

const placeOf = ({ collection, key }: KeyState, operation: Operation): Place => ({ operation, collection, keys: [key] })
