/** Chapter 6: a store in memory takes over in the outage. */
import { Layer } from "effect"
import { CircuitBreaker, Fallback, Memory, PassthroughCache, Statistics, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { service } from "./chapter-4.ts"

const Store = Redis.layerConfig().pipe(
  Statistics.wrap({ store: "redis" }),
  Timeout.wrap("250 millis"),
  CircuitBreaker.wrap({
    trip: { consecutive: 5 },
    openFor: "500 millis",
    maxOpenFor: "1 second"
  }),
  Fallback.wrap({
    fallback: Memory.layer({ maxEntries: 10_000 }),
    writeToFallback: true
  }),
  PassthroughCache.wrap({
    cache: Memory.layer({ maxEntries: 10_000 }),
    maxTtl: "500 millis",
    missingTtl: "500 millis"
  })
)

export const layer = service.pipe(Layer.provideMerge(Store))
