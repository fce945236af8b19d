import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { idOf, idsOf } from "../../internal/ids.ts"
import { outcomeOf } from "../../internal/outcome.ts"
import { StoreUnavailableError, type WriteError } from "../../KeyValueError.ts"
import type { Ended, KeyState } from "./Ledger.ts"
import type { Stores } from "./Stores.ts"
import { Votes } from "./Votes.ts"

/** Writes to all stores at once, each in the order in which writes of the same key came, and waits for as many as it must. */
export const writing =
  <C extends Call.Put | Call.Delete, A>(
    stores: Stores,
    run: (driver: Driver, call: C) => Effect.Effect<A, WriteError>
  ) =>
  (call: C): Effect.Effect<A, WriteError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const { ledger, lanes, indices, config } = stores
        if (ledger.isFull) return Effect.fail(full(call))
        const ids = idsOf(call)
        const { version, states } = ledger.begin(call)
        const entries = new Map(ids.map((id, i) => [id, call._tag === "put" ? call.entries[i] : undefined]))
        const entryOf = ({ collection, key }: KeyState) => entries.get(idOf(collection, key))
        // Only a deletion answers something: how many keys there were.
        const believed =
          call._tag === "put" ? [] : indices.filter((store) => states.every((state) => ledger.isUpToDate(state, store)))
        const votes = new Votes<A>(call.place, indices.length, config.required, believed)
        const decided = Deferred.makeUnsafe<A, WriteError>()
        // What may outlive the caller has no deadline of his.
        const own = { ...call, deadline: undefined }
        const tickets = lanes.map((lane) => lane.enter(ids))
        const writes = indices.map((store) =>
          tickets[store]!.run(
            note(
              stores,
              { states, store, version, entryOf },
              stores.on(store, (driver) => run(driver, own)),
              (exit) => {
                const decision = votes.add(store, exit)
                if (decision !== undefined) Deferred.doneUnsafe(decided, decision)
              }
            )
          )
        )
        return Effect.andThen(
          Effect.forEach(
            writes,
            (write) => Effect.forkIn(Effect.exit(write), config.scope, { startImmediately: true }),
            {
              discard: true
            }
          ),
          restore(Deferred.await(decided))
        )
      })
    )

export interface Write extends Pick<Ended, "version" | "entryOf"> {
  readonly states: ReadonlyArray<KeyState>
  readonly store: number
}

/** Notes in the ledger how a write ended in a store. */
export const note = <A, E>(
  { ledger, config }: Stores,
  { states, store, ...write }: Write,
  effect: Effect.Effect<A, E>,
  onEnd: (exit: Exit.Exit<A, E>) => void
): Effect.Effect<A, E> =>
  Effect.withFiber((fiber) => {
    const clock = fiber.getRef(Clock.Clock)
    const beganAt = clock.currentTimeMillisUnsafe()
    return Effect.onExitPrimitive(effect, (exit) => {
      const settlesAt = clock.currentTimeMillisUnsafe() + config.settleTime
      ledger.end(states, store, { ...write, outcome: outcomeOf(exit), beganAt, settlesAt })
      onEnd(exit)
      return undefined
    })
  })

const full = ({ place }: Call.Put | Call.Delete) =>
  new StoreUnavailableError({ ...place, reason: "too many keys are not alike in the stores", sent: false })
