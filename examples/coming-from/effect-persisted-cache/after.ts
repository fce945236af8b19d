/**
 * The same with LoadingCache.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Schedule, Schema } from "effect"
import { KeyValue, LoadingCache, Memory, PassthroughCache, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Database, plugged } from "../support.ts"

const redis = await plugged()
const database = new Database()

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}

const Remote = Redis.layer({ url: redis.url, prefix: "example-app:" }).pipe(Timeout.wrap("1 second"))
const Store = Remote.pipe(
  PassthroughCache.wrap({ cache: Memory.layer({ maxEntries: 1024 }), maxTtl: "10 seconds", missingTtl: "10 seconds" })
)

class Products extends LoadingCache.Service<Products>()("products", {
  schema: Schema.Struct({ id: Schema.String, name: Schema.String }),
  lookup: (id: string) =>
    Effect.flatMap(
      Effect.promise(() => database.product(id)),
      (product) => (id === "404" ? Effect.fail(new NotFound({ id })) : Effect.succeed(product))
    ),
  ttl: "1 hour",
  cacheErrors: { schema: NotFound, ttl: "1 minute" }
}) {}

/** The value, or the name of the error. */
const outcome = Effect.match({ onSuccess: (value: unknown) => value, onFailure: ({ _tag }: { _tag: string }) => _tag })

const program = Effect.gen(function* () {
  const products = yield* Products
  yield* products.invalidateMany(["1", "404"])

  yield* Effect.replicateEffect(products.get("1"), 100, { concurrency: "unbounded" })
  yield* Console.log("100 callers:", yield* products.get("1"), "queries:", database.queries)
  const AnotherProcess = Layer.fresh(Products.layer.pipe(Layer.provide(Store)))
  const another = yield* Effect.provide(
    Products.use((cache) => cache.get("1")),
    AnotherProcess
  )
  yield* Console.log("in another process:", another, "queries:", database.queries)
  const errors = [yield* outcome(products.get("404")), yield* outcome(products.get("404"))]
  yield* Console.log("an error:", ...errors, "queries:", database.queries)
  yield* products.invalidate("1")
  yield* products.get("1")
  yield* Console.log("invalidated:", yield* products.get("1"), "queries:", database.queries)

  yield* Effect.promise(redis.unplug)
  yield* Effect.sleep("50 millis")
  yield* Console.log("cached product in the outage:", yield* outcome(products.get("1")))
  yield* Console.log("another product in the outage:", yield* outcome(products.get("2")))
  yield* Effect.promise(redis.plug)
  yield* Effect.retry(
    Effect.provide(
      KeyValue.KeyValue.use((kv) => kv.get("2")),
      Remote
    ),
    Schedule.spaced("50 millis")
  )
  yield* Console.log("another product after the outage:", yield* outcome(products.get("2")))
})

program.pipe(Effect.provide(Products.layer.pipe(Layer.provide(Store))), NodeRuntime.runMain)

// Prints:
// 100 callers: { id: '1', name: 'Product 1' } queries: 1
// in another process: { id: '1', name: 'Product 1' } queries: 1
// an error: NotFound NotFound queries: 2
// invalidated: { id: '1', name: 'Product 1' } queries: 3
// cached product in the outage: { id: '1', name: 'Product 1' }
// another product in the outage: { id: '2', name: 'Product 2' }
// another product after the outage: { id: '2', name: 'Product 2' }
