import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import { meterOf } from "../telemetry/metrics.ts"
import { shownName } from "../value/oneLine.ts"

const results = ["hit", "stale", "miss", "error"] as const
const outcomes = ["success", "failure"] as const
const operations = ["read", "write"] as const

/** How a key was answered: by a fresh entry, a stale one, a lookup, or the cached error of an earlier lookup. */
type CacheResult = (typeof results)[number]

/** Counts what a cache does. */
export interface Counters {
  readonly answered: (result: CacheResult, keys: number) => void
  readonly refreshed: (keys: number) => void
  /** Ends a call of `lookup` or `lookupMany`. */
  readonly lookedUp: (outcome: (typeof outcomes)[number], millis: number) => void
  readonly storeFailure: (operation: (typeof operations)[number]) => void
}

/** How many different caches have metrics of their own. */
const maxCaches = 1000

/** In seconds, from the answer of a near database to that of a slow service. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60]

export const countersOf = Effect.fnUntraced(function* (
  driver: { readonly system: string },
  collection: string
): Effect.fn.Return<Counters, never, Scope.Scope> {
  const meter = (yield* meterOf(undefined))(driver)
  const context = yield* Effect.context<never>()
  const name = { "cache.name": meter.label("LoadingCache", shownName(collection), maxCaches) }
  const counter = (metric: string, description: string, attribute: string, values: ReadonlyArray<string>) =>
    new Map(
      values.map((value) => [
        value,
        meter.counter(`loading_cache.${metric}`, description, { ...name, [attribute]: value })
      ])
    )
  const answers = counter(
    "keys",
    "Keys that a loading cache was asked for, by how it answered",
    "cache.result",
    results
  )
  const lookups = counter("lookups", "Calls of lookup and lookupMany, by how they ended", "outcome", outcomes)
  const failures = counter("store_failures", "Failed operations on the store of a cache", "operation", operations)
  const refreshes = meter.counter("loading_cache.refreshes", "Keys that were refreshed in the background", name)
  const duration = Metric.histogram("effect_kv.loading_cache.lookup.duration", {
    description: "Duration of lookups",
    attributes: { "db.system.name": driver.system, ...name, unit: "s" },
    boundaries
  })
  return {
    answered: (result, keys) => (keys > 0 ? answers.get(result)!(keys) : undefined),
    refreshed: (keys) => refreshes(keys),
    lookedUp: (outcome, millis) => {
      lookups.get(outcome)!()
      duration.updateUnsafe(millis / 1000, context)
    },
    storeFailure: (operation) => failures.get(operation)!()
  }
})
