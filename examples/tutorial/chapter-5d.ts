/** Chapter 5: a lease, so that one process at a time looks a product up. */
import { Layer } from "effect"
import { LoadingCache, Memory, PassthroughCache, Statistics } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Database, Product, Products } from "./service.ts"

class Cached extends LoadingCache.Service<Cached>()("products", {
  schema: Product,
  lookup: (id: string) => Database.use(({ find }) => find(id)),
  ttl: "2 seconds",
  staleFor: "1 minute",
  lease: "5 seconds"
}) {}

/** The service, over any store that has `Atomic`. */
export const service = Layer.effect(
  Products,
  Cached.useSync((cached) => ({ get: cached.get }))
).pipe(Layer.provide(Cached.layer))

const Store = Redis.layerConfig().pipe(
  Statistics.wrap({ store: "redis" }),
  PassthroughCache.wrap({
    cache: Memory.layer({ maxEntries: 10_000 }),
    maxTtl: "500 millis",
    missingTtl: "500 millis"
  })
)

export const layer = service.pipe(Layer.provideMerge(Store))
