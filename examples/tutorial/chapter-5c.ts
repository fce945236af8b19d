/** Chapter 5: a near cache, in front of the shared store. */
import { Layer } from "effect"
import { Memory, PassthroughCache, Statistics } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { service } from "./chapter-4.ts"

const Store = Redis.layerConfig().pipe(
  Statistics.wrap({ store: "redis" }),
  PassthroughCache.wrap({
    cache: Memory.layer({ maxEntries: 10_000 }),
    maxTtl: "500 millis",
    missingTtl: "500 millis"
  })
)

export const layer = service.pipe(Layer.provideMerge(Store))
