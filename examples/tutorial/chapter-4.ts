/** Chapter 4: stale values while a lookup runs, or fails. */
import { Layer } from "effect"
import { LoadingCache, Memory } from "effect-kv"
import { Database, Product, Products } from "./service.ts"

class Cached extends LoadingCache.Service<Cached>()("products", {
  schema: Product,
  lookup: (id: string) => Database.use(({ find }) => find(id)),
  ttl: "2 seconds",
  staleFor: "1 minute"
}) {}

/** The service, over any store. */
export const service = Layer.effect(
  Products,
  Cached.useSync((cached) => ({ get: cached.get }))
).pipe(Layer.provide(Cached.layer))

const Store = Memory.layer({ maxEntries: 10_000 })

export const layer = service.pipe(Layer.provide(Store))
