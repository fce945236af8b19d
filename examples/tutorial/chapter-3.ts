/** Chapter 3: one load for all callers. */
import { Effect, Layer } from "effect"
import { Collection, Memory } from "effect-kv"
import { Database, Product, Products } from "./service.ts"

class Cached extends Collection.Service<Cached>()("products", {
  schema: Product,
  ttl: "2 seconds"
}) {}

const Store = Memory.layer({ maxEntries: 10_000 })

export const layer = Layer.effect(
  Products,
  Effect.gen(function* () {
    const database = yield* Database
    const cached = yield* Cached
    return { get: (id) => cached.getOrSet(id, database.find(id)) }
  })
).pipe(Layer.provide(Cached.layer), Layer.provide(Store))
