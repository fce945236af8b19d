import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import { Atomic, make } from "../Atomic.ts"
import type { AtomicDriver } from "../driver/service/change.ts"
import * as Lease from "../Lease.ts"
import { monotonicMillis } from "../time/clock.ts"
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
  readonly looked: Effect.Effect<S>
  /** Whether no lease is needed for what the store has. */
  readonly isDone: (state: S) => boolean
  /** Looks up what the store does not have. */
  readonly ended: (state: S) => Effect.Effect<A>
}

/** The pauses between two looks at the store while another process has the lease, in milliseconds. */
const shortestPause = 10
const longestPause = 200

/**
 * Runs a lookup under a lease, unless the process that has the lease stores the value first.
 *
 * The store is asked again under the lease: the last holder may have stored the value after it was asked. A lease that is lost
 * does not end the lookup, because a second lookup does no harm. If the lease cannot be asked for, the lookup runs without it,
 * and also if another process holds it for longer than a lookup may take: that lookup may never end.
 */
export const underLease = <S, A>(config: LeaseConfig, name: string, steps: Steps<S, A>): Effect.Effect<A> =>
  Effect.clockWith((clock) => waiting(config, name, steps, monotonicMillis(clock) + longestLookup))

const waiting = <S, A>({ ttl, store, health }: LeaseConfig, name: string, steps: Steps<S, A>, giveUpAt: number) => {
  const { looked, isDone, ended } = steps
  const atomic = make(store.driver as AtomicDriver)
  const acquired = Lease.acquire(`${store.collection}/${name}`, { ttl, wait: 0, forgetAfter: ttl }).pipe(
    Effect.provideService(Atomic, atomic),
    Effect.result
  )

  const attempt = (pause: number): Effect.Effect<A> =>
    Effect.flatMap(looked, (state) => {
      if (isDone(state)) return ended(state)
      const held = Effect.flatMap(acquired, (lease): Effect.Effect<A | undefined> => {
        if (Result.isSuccess(lease)) return Effect.flatMap(looked, ended)
        const error = lease.failure
        if (error._tag === "LeaseUnavailableError") return Effect.undefined
        const failed = error._tag === "InvalidKeyError" ? Effect.void : health.failed("write", error)
        return Effect.andThen(failed, ended(state))
      })
      return Effect.flatMap(Effect.scoped(held), (answer) => {
        if (answer !== undefined) return Effect.succeed(answer)
        const again = Effect.andThen(sleepAbout(pause), attempt(Math.min(2 * pause, longestPause)))
        return Effect.clockWith((clock) => (monotonicMillis(clock) < giveUpAt ? again : ended(state)))
      })
    })
  return attempt(shortestPause)
}

/** Processes that wait for the same lease must not ask at the same time. */
const sleepAbout = (millis: number): Effect.Effect<void> =>
  Effect.flatMap(Random.next, (random) => Effect.sleep(millis * (0.5 + random)))
