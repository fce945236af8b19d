import * as Effect from "effect/Effect"
import type { AtomicDriver } from "../driver/service/change.ts"
import * as lease from "../lease/underLease.ts"
import type { Health } from "./Health.ts"
import { longestLookup } from "./limits.ts"
import type { Store } from "./Store.ts"

/** How lookups get a lease, so that one process at a time looks a key up. */
export interface LeaseConfig {
  readonly ttl: number
  readonly store: Store
  readonly health: Health
}

interface Steps<S, A> {
  /** Asks the store. */
  readonly look: Effect.Effect<S>
  /** Whether no lease is needed for what the store has. */
  readonly isDone: (state: S) => boolean
  /** Looks up what the store does not have. */
  readonly end: (state: S) => Effect.Effect<A>
}

/** Runs a lookup under a lease, or without one if the lease cannot be asked for, or is held for longer than a lookup may take. */
export const underLease = <S, A>(
  { ttl, store, health }: LeaseConfig,
  name: string,
  { look, isDone, end }: Steps<S, A>
): Effect.Effect<A> => {
  const config = { ttl, patience: longestLookup }
  return Effect.flatMap(look, (state) =>
    lease.underLease(store.driver as AtomicDriver, store.place("get", [name]), config, state, {
      look,
      isDone,
      held: Effect.flatMap(look, end),
      without: (state, failure) =>
        failure === undefined || failure._tag === "InvalidKeyError"
          ? end(state)
          : Effect.andThen(health.failed("write", failure), end(state))
    })
  )
}
