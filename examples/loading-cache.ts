/**
 * LoadingCache: products from a slow database, with stale values while it is down, and invalidation by tag.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Context, Effect, Layer, Schema } from "effect"
import { LoadingCache } from "effect-kv"
import { Remote } from "./support/remote.ts"

const Product = Schema.Struct({ name: Schema.String, brand: Schema.String, price: Schema.Finite })

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}

class DatabaseDown extends Schema.TaggedError<DatabaseDown>()("DatabaseDown", {}) {}

/** A database that takes 50 milliseconds for a query, and counts them. */
class Database extends Context.Service<Database>()("Database", {
  make: Effect.sync(() => {
    const state = { queries: 0, price: 10, isDown: false }
    const find = Effect.fnUntraced(function* (id: string) {
      state.queries++
      yield* Effect.sleep("50 millis")
      if (state.isDown) return yield* new DatabaseDown()
      if (id === "404") return yield* new NotFound({ id })
      return { name: `product ${id}`, brand: "acme", price: state.price }
    })
    return { state, find }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}

class Products extends LoadingCache.Service<Products>()("app/Products", {
  schema: Product,
  lookup: (id: string) => Database.use(({ find }) => find(id)),
  ttl: "2 seconds",
  staleFor: "1 hour",
  tags: (product) => [`brand:${product.brand}`],
  cacheErrors: { schema: NotFound, ttl: "1 minute" }
}) {}

const program = Effect.gen(function* () {
  const { state } = yield* Database
  const products = yield* Products
  const report = (what: string) => Console.log(`${what}: queries ${state.queries}`)
  yield* products.invalidateAll

  yield* Effect.replicateEffect(products.get("42"), 100, { concurrency: "unbounded" })
  yield* report("100 callers")
  yield* products.get("42")
  yield* report("again")

  yield* Effect.ignore(products.get("404"))
  yield* Effect.ignore(products.get("404"))
  yield* report("a product that does not exist, twice")

  state.price = 12
  yield* products.invalidateTags(["brand:acme"])
  yield* Console.log("after invalidateTags:", yield* products.get("42"))

  state.isDown = true
  yield* Effect.sleep("2100 millis")
  yield* Console.log("while the database is down:", yield* products.get("42"))
  yield* Console.log("another product:", (yield* Effect.flip(products.get("43")))._tag)
})

program.pipe(
  Effect.provide(Products.layer.pipe(Layer.provide(Remote), Layer.provideMerge(Database.layer))),
  NodeRuntime.runMain
)

// Prints:
// 100 callers: queries 1
// again: queries 1
// a product that does not exist, twice: queries 2
// after invalidateTags: { name: 'product 42', brand: 'acme', price: 12 }
// while the database is down: { name: 'product 42', brand: 'acme', price: 12 }
// another product: DatabaseDown
