/** Chapter 2: a cache with get and put. */
import { Effect, Layer, Option } from "effect"
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
    return {
      get: Effect.fnUntraced(function* (id) {
        const found = yield* cached.get(id)
        if (Option.isSome(found)) return found.value
        const product = yield* database.find(id)
        yield* cached.put(id, product)
        return product
      })
    }
  })
).pipe(Layer.provide(Cached.layer), Layer.provide(Store))
