import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Driver } from "../driver/Driver.ts"
import * as options from "../driver/options.ts"
import type { AtomicDriver } from "../driver/service/change.ts"
import type { Once, Outcome } from "../driver/service/loading.ts"
import { atPlace } from "../errors/atPlace.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { tooShort } from "./shortest.ts"
import { underLease } from "./underLease.ts"

/** The option of `getOrSet` that needs a lease. */
export interface Leased<L extends Duration.Input = Duration.Input> {
  /**
   * TTL of the lease under which a missing value is loaded, so that one process at a time loads it: at least 100 milliseconds.
   * Needs `Atomic`. If that process dies, another one loads the value after this time. Default: none.
   */
  readonly lease?: L | undefined
}

/** The error of a call with the option `lease`. Without the option, there is none. */
export type LeasedError<L> = [L] extends [never] ? never : StoreSetupError

/** @internal */
export const described = options.of<Leased>()("KeyValue", { lease: options.ttl({ otherwise: "none" }) }, ({ lease }) =>
  tooShort("lease", lease)
)

/** Runs a call with what its option `lease` asks for. Fails if the option is not valid, or the store has no `Atomic`. */
export const withOnce = <A, E, R>(
  driver: Driver,
  lease: Duration.Input | undefined,
  run: (once: Once | undefined) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | StoreSetupError, R> => {
  if (lease === undefined) return run(undefined)
  return Effect.flatMap(described.read({ lease }), ({ lease: ttl }): Effect.Effect<A, E | StoreSetupError, R> => {
    if (driver.atomic === undefined) return options.invalid("KeyValue", "lease needs a store with Atomic")
    return run(onceOf(driver as AtomicDriver, ttl!))
  })
}

/** How long a process waits for the load of another one, in milliseconds. After that, it loads without the lease. */
const patience = 5 * 60_000

const missing: Outcome = {}

const onceOf =
  (driver: AtomicDriver, ttl: number): Once =>
  (place, look, load) =>
    underLease(driver, place, { ttl, patience }, missing, {
      look,
      isDone: ({ value, failure }) => value !== undefined || failure !== undefined,
      held: load(),
      // What became of the value, and not of the lease, is the caller's concern: the error has the caller's key.
      without: (state, failure) =>
        state.value === undefined ? load(state.failure ?? (failure && atPlace(failure, place))) : Effect.succeed(state)
    })
