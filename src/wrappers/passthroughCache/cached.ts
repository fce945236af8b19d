import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { SingleFlight } from "../../concurrency/SingleFlight.ts"
import { around, mapAtomic } from "../../driver/around.ts"
import type * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { describeId, idsOf } from "../../driver/ids.ts"
import { waitsOf } from "../../driver/waits.ts"
import { Background } from "../common/Background.ts"
import { Freshness } from "./Freshness.ts"
import { Misses } from "./Misses.ts"
import type { Config, Parts } from "./Parts.ts"
import { inBudget, read } from "./read.ts"
import { steadyMillis } from "./steady.ts"
import { Validity } from "./Validity.ts"
import { clear, write } from "./write.ts"

/** How many keys that the store does not have are remembered. */
const maxMisses = 10_000

/** How many calls may refresh copies in the background at a time. */
const maxRefreshes = 100

/** How many removals of copies may go on at a time although their writers wait for them no longer. */
const maxRemovals = 1000

const background = (limit: number) =>
  Effect.acquireRelease(
    Effect.sync(() => new Background(limit)),
    (background) => Effect.suspend(() => Fiber.awaitAll(background.close()))
  )

/** A store, with copies of its entries in a cache. */
export const cached = Effect.fnUntraced(function* (store: Driver, cache: Driver, config: Config) {
  const { limits, missTtl } = config
  const cacheMayWait = waitsOf(cache) !== "never"
  const freshness = new Freshness(limits)
  const validity = new Validity(freshness.lifetime)
  const parts: Parts = {
    ...config,
    store,
    cache: cacheMayWait ? around(inBudget)(cache) : cache,
    cacheMayWait,
    freshness,
    validity,
    misses: new Misses(missTtl, maxMisses),
    fills: new SingleFlight({
      maxAge: Math.min(limits.maxTtl, limits.missingTtl, missTtl || Number.POSITIVE_INFINITY),
      describe: describeId
    }),
    refreshes: yield* background(maxRefreshes),
    refreshesAt: Number.NEGATIVE_INFINITY,
    removals: yield* background(maxRemovals)
  }

  /** Later readers join no fill that may have read an older entry than this read has returned. */
  const getFromStore = (call: Call.Get) =>
    Effect.tap(store.get(call), () =>
      Effect.clockWith((clock) => {
        const now = steadyMillis(clock)
        for (const id of idsOf(call)) if (!validity.mayKeep(id, now)) parts.fills.drop(id)
        return Effect.void
      })
    )

  return {
    ...store,
    get: (call) => (call.expiry || call.versioned ? getFromStore(call) : read(parts, call)),
    put: (call) => write(parts, call, store.put(call)),
    delete: (call) => write(parts, call, store.delete(call)),
    atomic: store.atomic && mapAtomic(store.atomic, (next) => (call) => write(parts, call, next(call))),
    maintenance: store.maintenance && {
      ...store.maintenance,
      clear: (call) => clear(parts, call, store.maintenance!.clear(call))
    }
  } satisfies Driver as Driver
})
