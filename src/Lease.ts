/**
 * Lets one holder at a time do something, in all processes that share a store.
 *
 * @since 0.2.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { Atomic } from "./Atomic.ts"
import { withPlace } from "./driver/boundary.ts"
import * as options from "./driver/options.ts"
import { served } from "./driver/service/served.ts"
import type { LeaseLostError, LeaseUnavailableError, ReadError, StoreSetupError, WriteError } from "./KeyValueError.ts"
import type { Claim } from "./lease/Claim.ts"
import * as keeper from "./lease/keeper.ts"
import { tooShort } from "./lease/shortest.ts"

/**
 * Options of {@link withLease} and {@link acquire}.
 *
 * @since 0.2.0
 */
export interface Options {
  /**
   * How long the lease lives after its last renewal, at least 100 milliseconds. It is renewed every third of this time. After
   * a crash, the next holder waits for this time. Default: `"30 seconds"`.
   */
  readonly ttl?: Duration.Input | undefined
  /**
   * How long to wait while another holder has the lease. With 0, the store is asked once. `"Infinity"` waits until the lease
   * is free. If the store does not answer, the call waits for at least 5 seconds (or `ttl`). Default: `"30 seconds"`.
   */
  readonly wait?: Duration.Input | undefined
  /** Collection of the entries of leases. Default: `"effect-kv:leases"`. */
  readonly collection?: string | undefined
  /**
   * TTL of the entry after the release, for leases with names that are not used again. Without it, the entry is kept, because
   * it has the last token. Default: none.
   */
  readonly forgetAfter?: Duration.Input | undefined
}

/** @internal */
export const described = options.of<Options>()(
  "Lease",
  {
    ttl: options.ttl({ default: "30 seconds" }),
    wait: options.duration({ infinite: true, zero: true, default: "30 seconds" }),
    collection: options.collection({ default: "effect-kv:leases" }),
    forgetAfter: options.ttl()
  },
  ({ ttl }) => tooShort("ttl", ttl)
)

/**
 * A lease that is held.
 *
 * @since 0.2.0
 */
export interface Lease {
  readonly name: string
  /**
   * A number that is greater than the token of every earlier holder of this lease. Pass it to other systems, so that they can
   * refuse a holder that has lost the lease without knowing it.
   */
  readonly token: number
  /** Whether the lease is still held, by the monotonic clock of this process. Asks no store. */
  readonly isHeld: Effect.Effect<boolean>
  /** Fails when the lease is lost. Never ends if the lease is released. */
  readonly whenLost: Effect.Effect<never, LeaseLostError>
}

/**
 * The errors of acquiring a lease.
 *
 * @since 0.2.0
 */
export type AcquireError = ReadError | WriteError | LeaseUnavailableError | StoreSetupError

/**
 * Acquires a lease, and releases it when the scope is closed.
 *
 * **When to use**
 *
 * Use it for a lease that is held for long, such as that of a leader. For a piece of work, {@link withLease} is shorter.
 *
 * **Details**
 *
 * - The lease is acquired and renewed as {@link withLease} describes. Nothing is interrupted when it is lost: watch
 *   `whenLost`.
 * - A release that fails is logged as a warning. The lease then ends after its TTL. A release takes at most 5 seconds.
 *
 * **Errors**
 *
 * - `LeaseUnavailableError`: another holder still has the lease after `wait`.
 * - `StoreSetupError`: an option is not valid.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Lease } from "effect-kv"
 *
 * declare const lead: (token: number) => Effect.Effect<never>
 *
 * const leader = Effect.scoped(
 *   Effect.gen(function* () {
 *     const lease = yield* Lease.acquire("leader", { wait: "Infinity" })
 *     return yield* Effect.raceFirst(lead(lease.token), lease.whenLost)
 *   })
 * )
 * ```
 *
 * @since 0.2.0
 */
export const acquire = Effect.fnUntraced(function* (
  name: string,
  options: Options = {}
): Effect.fn.Return<Lease, AcquireError, Scope.Scope | Atomic> {
  const config = yield* described.read(options)
  const { driver } = served((yield* Atomic).driver)
  return yield* withPlace(driver, "lease", [name], config, (place) =>
    Effect.map(keeper.claim(driver, place, config), ({ claim }) => leaseOf(name, claim))
  )
})

const leaseOf = (name: string, claim: Claim): Lease => ({
  name,
  token: claim.token,
  isHeld: Effect.sync(() => claim.isHeld),
  whenLost: claim.whenLost
})

/**
 * Runs an effect while no other process runs one under the same lease.
 *
 * **When to use**
 *
 * Use it for work that must not run twice at the same time: a scheduled job, a migration, a change of something that has no
 * transactions of its own. To run an effect once and keep its outcome, use `Idempotency.once`.
 *
 * **Details**
 *
 * - The lease is one entry in the store. It is renewed every third of its `ttl` while the effect runs, and released
 *   afterwards, also after a failure or an interruption.
 * - When the lease is lost, the effect is interrupted, and the call fails with `LeaseLostError`. The lease is lost when it
 *   could not be renewed within 90 % of `ttl`, by the monotonic clock of this process, or when the store says that another
 *   holder has it. The call ends after the finalizers of the effect.
 * - Another holder gets the lease when it has seen the same entry for `ttl` by its own monotonic clock. Clocks of different
 *   machines are never compared.
 * - Callers of the same process get the lease in the order in which they came. Only the first of them asks the store, first
 *   every 10 milliseconds and then every second.
 *
 * **Errors**
 *
 * - `LeaseUnavailableError`: another holder still has the lease after `wait`.
 * - `LeaseLostError`: the lease was lost while the effect ran. The effect was interrupted.
 * - `StoreSetupError`: an option is not valid.
 * - The error of the store, if the store has failed for `ttl`, or until `wait` was over.
 *
 * **Metrics**
 *
 * `effect_kv.lease.waiting` and `effect_kv.lease.held` are gauges. `effect_kv.lease.lost` counts lost leases by
 * `reason`. `effect_kv.lease.wait.duration` is how long callers waited for a lease that they got. The names of leases
 * may be secret, and are in no metric.
 *
 * **Gotchas**
 *
 * - A process can stand still (garbage collection, a suspended machine) and go on after the lease was lost. Its effect is
 *   interrupted only after its next step. Pass the token to the systems that the effect changes, and let them refuse a
 *   smaller token than they have seen.
 * - A region of the effect that cannot be interrupted goes on when the lease is lost, and the call ends after it.
 * - A lease is not reentrant: an effect that asks for its own lease waits for itself.
 * - The entry must not expire or be evicted while the lease is held: a `maxTtl` of `TtlClamp` below `ttl`, a `Memory` store
 *   with `maxEntries`, or an eviction policy of Redis can make two holders. The same is true of a store that loses
 *   acknowledged writes in a failover.
 * - With `wait: 0`, an attempt gets the lease of a holder that died only if this process has seen it `ttl` earlier.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Lease } from "effect-kv"
 *
 * declare const sendReports: (token: number) => Effect.Effect<void>
 *
 * const job = Lease.withLease("reports", { ttl: "10 seconds", wait: 0 }, (token) => sendReports(token)).pipe(
 *   Effect.catchTag("LeaseUnavailableError", () => Effect.logInfo("Another process sends the reports."))
 * )
 * ```
 *
 * @since 0.2.0
 */
export const withLease = <A, E, R>(
  name: string,
  options: Options,
  use: (token: number) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | AcquireError | LeaseLostError, R | Atomic> =>
  // A scope of its own: finalizers of the effect belong to the scope of the caller.
  Effect.scopedWith((scope) =>
    Effect.flatMap(Scope.provide(acquire(name, options), scope), (lease) => under(lease, use))
  )

/** Runs an effect until the lease is lost. A success after that is a loss, too: another holder may have come in between. */
const under = <A, E, R>(
  lease: Lease,
  use: (token: number) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | LeaseLostError, R> =>
  Effect.tap(
    Effect.raceFirst(
      Effect.suspend(() => use(lease.token)),
      lease.whenLost
    ),
    () => Effect.flatMap(lease.isHeld, (isHeld) => (isHeld ? Effect.void : lease.whenLost))
  )
