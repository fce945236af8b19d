import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { withPlace } from "../driver/boundary.ts"
import type { AtomicDriver } from "../driver/service/change.ts"
import { served } from "../driver/service/served.ts"
import { longestTtl } from "../driver/ttl.ts"
import type { InvalidKeyError, Place, ReadError, WriteError } from "../KeyValueError.ts"
import { monotonicMillis } from "../time/clock.ts"
import type { AcquireError } from "./Claim.ts"
import * as keeper from "./keeper.ts"
import { pause } from "./pause.ts"

/** The steps of a load that one process at a time runs. `S` is what the store has for the key. */
export interface Steps<S, A, E, R> {
  /** Asks the store. */
  readonly look: Effect.Effect<S, E, R>
  /** Whether no lease is needed for what the store has. */
  readonly isDone: (state: S) => boolean
  /** Asks the store again and loads what is still missing: the last holder may have stored it in the meantime. */
  readonly held: Effect.Effect<A, E, R>
  /**
   * Ends without the lease: nothing is missing, the lease cannot be asked for (`failure`), or another process has held it for
   * longer than `patience`.
   */
  readonly without: (state: S, failure?: ReadError | WriteError) => Effect.Effect<A, E, R>
}

/** Times in milliseconds. */
export interface Terms {
  readonly ttl: number
  /** How long to wait for another process. Its load may never end, and its lease is renewed as long as it runs. */
  readonly patience: number
}

/** The pauses between two looks at the store while another process has the lease, in milliseconds. */
const shortestPause = 10
const longestPause = 200

/** The collection of the leases of a collection. A key has the same name in both, so every key has a lease of its own. */
export const collectionOf = (collection: string): string => `effect-kv:leases/${collection}`

/** A lease whose holder has died is forgotten after this many TTLs. Another process has taken it over by then. */
const forgottenAfter = 10

/**
 * Loads a key under a lease, unless the process that has the lease stores the value first. `state` is what the store had.
 *
 * A lease that is lost does not end the load, because a second load does no harm: only one of the two values is stored.
 */
export const underLease = <S, A, E, R>(
  driver: AtomicDriver,
  { collection, keys }: Place,
  { ttl, patience }: Terms,
  state: S,
  { look, isDone, held, without }: Steps<S, A, E, R>
): Effect.Effect<A, E, R> => {
  const config = { ttl, wait: 0, forgetAfter: ttl, forgetHeldAfter: Math.min(forgottenAfter * ttl, longestTtl) }
  const claimed: Effect.Effect<unknown, AcquireError | InvalidKeyError, Scope.Scope> = withPlace(
    driver,
    "lease",
    keys,
    { collection: collectionOf(collection) },
    (place) => keeper.claim(served(driver).driver, place, config)
  )

  const attempt = (state: S, nextPause: number, giveUpAt: number): Effect.Effect<A, E, R> => {
    if (isDone(state)) return without(state)
    const loaded = Effect.flatMap(
      Effect.result(claimed),
      (lease): Effect.Effect<{ readonly value: A } | undefined, E, R> => {
        if (Result.isSuccess(lease)) return Effect.map(held, (value) => ({ value }))
        const { failure } = lease
        if (failure._tag === "LeaseUnavailableError") return Effect.undefined
        return Effect.map(without(state, failure), (value) => ({ value }))
      }
    )
    // Processes that wait for the same lease must not ask at the same time.
    const again = Effect.andThen(
      pause(nextPause, longestPause),
      Effect.flatMap(look, (state) => attempt(state, Math.min(2 * nextPause, longestPause), giveUpAt))
    )
    return Effect.flatMap(Effect.scoped(loaded), (ended) => {
      if (ended !== undefined) return Effect.succeed(ended.value)
      return Effect.clockWith((clock) => (monotonicMillis(clock) < giveUpAt ? again : without(state)))
    }) as Effect.Effect<A, E, R>
  }
  return Effect.clockWith((clock) => attempt(state, shortestPause, monotonicMillis(clock) + patience))
}
