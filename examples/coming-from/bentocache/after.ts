/**
 * The same with effect-kv.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Fiber, Layer, Option, Schedule, Schema } from "effect"
import { LoadingCache, Memory, PassthroughCache, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Database, plugged } from "../support.ts"

const redis = await plugged()
const database = new Database()

const Store = Redis.layer({ url: redis.url, prefix: "example-app:" }).pipe(
  Timeout.wrap("1 second"),
  PassthroughCache.wrap({ cache: Memory.layer({ maxEntries: 10_000 }), maxTtl: "1 minute", missingTtl: "1 minute" })
)

class DatabaseDown extends Schema.TaggedError<DatabaseDown>()("DatabaseDown", {}) {}

class Products extends LoadingCache.Service<Products>()("products", {
  schema: Schema.Struct({ id: Schema.String, name: Schema.String }),
  lookup: (id: string) => Effect.tryPromise({ try: () => database.product(id), catch: () => new DatabaseDown() }),
  ttl: (_, id) => (id === "old" ? "100 millis" : "1 minute"),
  staleFor: "1 hour",
  softTimeout: "100 millis",
  tags: () => ["catalog"]
}) {}

/** The value, or the name of the error. */
const outcome = Effect.match({ onSuccess: (value: unknown) => value, onFailure: ({ _tag }: { _tag: string }) => _tag })

const program = Effect.gen(function* () {
  const products = yield* Products
  yield* products.invalidateAll
  yield* Effect.replicateEffect(products.get("1"), 100, { concurrency: "unbounded" })
  yield* Console.log("100 callers:", yield* products.get("1"), "queries:", database.queries)

  yield* products.invalidateTags(["catalog"])
  yield* Console.log("after invalidateTags:", yield* products.get("1"), "queries:", database.queries)

  yield* products.get("old")
  yield* Effect.sleep("150 millis")
  database.isDown = true
  yield* Console.log("stale, while the database is down:", yield* products.get("old"))
  yield* Console.log("another product:", yield* outcome(products.get("2")))
  database.isDown = false

  const isCached = (id: string) => Effect.map(products.peek(id), Option.isSome)
  const slow = yield* Effect.forkChild(products.get("slow"))
  yield* Effect.sleep("100 millis")
  yield* products.invalidate("slow")
  yield* Fiber.join(slow)
  yield* Console.log("deleted during the query, then cached:", yield* isCached("slow"))

  yield* products.get("3")
  yield* products.get("3") // PassthroughCache is filled by reads, not by the write after a lookup.
  const { queries } = database
  yield* Effect.promise(redis.unplug)
  yield* Effect.sleep("50 millis")
  const product = yield* outcome(products.get("3"))
  yield* Console.log("cached product in the outage:", product, "queries:", database.queries - queries)
  yield* Console.log("another product in the outage:", yield* outcome(products.get("4")))
  yield* Console.log("deletion in the outage:", yield* outcome(products.invalidate("3")))
  yield* Effect.promise(redis.plug)
  yield* Effect.retry(products.invalidate("3"), Schedule.spaced("50 millis"))
  yield* Console.log("after the outage, still cached:", yield* isCached("3"))
})

program.pipe(Effect.provide(Products.layer.pipe(Layer.provideMerge(Store))), NodeRuntime.runMain)

// Prints:
// 100 callers: { id: '1', name: 'Product 1' } queries: 1
// after invalidateTags: { id: '1', name: 'Product 1' } queries: 2
// stale, while the database is down: { id: 'old', name: 'Product old' }
// another product: DatabaseDown
// deleted during the query, then cached: false
// cached product in the outage: { id: '3', name: 'Product 3' } queries: 0
// another product in the outage: { id: '4', name: 'Product 4' }
// deletion in the outage: StoreUnavailableError
// after the outage, still cached: false
