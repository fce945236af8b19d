import * as Effect from "effect/Effect"
import { around } from "../../driver/around.ts"
import type * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { idsOf } from "../../driver/ids.ts"
import { waitsOf } from "../../driver/waits.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import { Background } from "./Background.ts"
import { Copies } from "./Copies.ts"
import type { Counters } from "./counters.ts"
import { Fills } from "./Fills.ts"
import { Freshness, type Limits } from "./Freshness.ts"
import { Misses } from "./Misses.ts"
import { inBudget, ReadThrough } from "./ReadThrough.ts"
import { Refreshes } from "./Refreshes.ts"
import { Removals } from "./Removals.ts"
import { steadyMillis } from "./steady.ts"
import { Validity } from "./Validity.ts"
import { Writes } from "./Writes.ts"

export interface Config {
  readonly limits: Limits
  readonly missTtl: number
  readonly staleWhileRevalidate: boolean
  readonly staleOn: (error: KeyValueError) => boolean
  readonly settleTime: number
  readonly counters: Counters
}

/** How many keys that the store does not have are remembered. */
const maxMisses = 10_000

/** How many calls may refresh copies in the background at a time. */
const maxRefreshes = 100

/** How many removals of copies may go on at a time although their writers wait for them no longer. */
const maxRemovals = 1000

/** A store, with copies of its entries in a cache. */
export const cached = Effect.fnUntraced(function* (store: Driver, cache: Driver, config: Config) {
  const { limits, missTtl, settleTime, counters, staleWhileRevalidate, staleOn } = config
  const maxAge = Math.min(limits.maxTtl, limits.missingTtl, missTtl || Number.POSITIVE_INFINITY)
  const mayWait = waitsOf(cache) !== "never"
  const freshness = new Freshness(limits)
  const validity = new Validity(freshness.lifetime)
  const misses = new Misses(missTtl, maxMisses)
  const copies = new Copies(mayWait ? around(inBudget)(cache) : cache, freshness, validity, counters)
  const fills = new Fills({ store, copies, misses, validity, maxAge })
  const refreshes = new Refreshes(fills, yield* Background.make(maxRefreshes), counters)
  const removals = new Removals({ copies, validity, mayWait, background: yield* Background.make(maxRemovals) })
  const writes = new Writes({ validity, misses, fills, removals, settleTime })
  const reads = new ReadThrough({
    copies,
    freshness,
    validity,
    misses,
    fills,
    refreshes,
    counters,
    staleWhileRevalidate,
    staleOn
  })

  /** Later readers join no fill that may have read an older entry than this read has returned. */
  const getFromStore = (call: Call.Get) =>
    Effect.tap(store.get(call), () =>
      Effect.clockWith((clock) => {
        const now = steadyMillis(clock)
        for (const id of idsOf(call)) if (!validity.mayKeep(id, now)) fills.drop(id)
        return Effect.void
      })
    )

  return {
    ...store,
    get: (call) => (call.expiry || call.versioned ? getFromStore(call) : reads.get(call)),
    put: (call) => writes.run(call, store.put(call)),
    delete: (call) => writes.run(call, store.delete(call)),
    atomic: store.atomic && { compareAndPut: (call) => writes.run(call, store.atomic!.compareAndPut(call)) },
    maintenance: store.maintenance && {
      ...store.maintenance,
      clear: (call) => writes.clear(call, store.maintenance!.clear(call))
    }
  } satisfies Driver as Driver
})
