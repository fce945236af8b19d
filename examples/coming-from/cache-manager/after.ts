/**
 * The same with effect-kv.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Layer, Schema } from "effect"
import { KeyValue, LoadingCache, Memory, PassthroughCache, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Database, plugged } from "../support.ts"

const redis = await plugged()
const database = new Database()

const Store = Redis.layer({ url: redis.url, prefix: "example-app:" }).pipe(
  Timeout.wrap("1 second"),
  PassthroughCache.wrap({ cache: Memory.layer({ maxEntries: 10_000 }), maxTtl: "1 minute", missingTtl: "1 minute" })
)

/** A value of more than 100 milliseconds is refreshed in the background. */
class Products extends LoadingCache.Service<Products>()("products", {
  schema: Schema.Struct({ id: Schema.String, name: Schema.String }),
  lookup: (id: string) => Effect.promise(() => database.product(id)),
  ttl: "1 minute",
  refreshAhead: "59.9 seconds"
}) {}

const prices = { collection: "prices", ttl: "1 minute" } as const

/** The value, or the message of the error. */
const outcome = Effect.match({ onSuccess: (value: unknown) => value, onFailure: (error: Error) => error.message })

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const products = yield* Products
  yield* products.invalidateAll
  yield* Effect.replicateEffect(products.get("1"), 100, { concurrency: "unbounded" })
  yield* Console.log("100 callers:", yield* products.get("1"), "queries:", database.queries)
  yield* Effect.sleep("150 millis")
  yield* products.get("1")
  yield* Effect.sleep("100 millis")
  yield* Console.log("after a refresh in the background:", yield* products.get("1"), "queries:", database.queries)

  const entries = [
    ["1", 12.5, { ttl: "5 seconds" }],
    ["2", 8]
  ] as const
  yield* kv.putMany(entries, prices)
  yield* Console.log("prices:", yield* kv.getMany(["1", "2", "3"], prices))
  const price = yield* kv.ttl("1", prices)
  yield* Console.log("seconds left:", Math.round(Duration.toSeconds(price!.ttl!)))
  yield* Console.log("deleted:", yield* kv.delete("2", prices), "then:", yield* kv.get("2", prices))

  yield* Effect.promise(redis.unplug)
  yield* Effect.sleep("50 millis")
  yield* Console.log("cached product in the outage:", yield* outcome(products.get("1")))
  yield* Console.log("another product in the outage:", yield* outcome(products.get("2")))
  yield* Console.log("deletion in the outage:", yield* outcome(products.invalidate("1")))
})

program.pipe(Effect.provide(Products.layer.pipe(Layer.provideMerge(Store))), NodeRuntime.runMain)

// Prints:
// 100 callers: { id: '1', name: 'Product 1' } queries: 1
// after a refresh in the background: { id: '1', name: 'Product 1' } queries: 2
// prices: [ 12.5, 8, undefined ]
// seconds left: 5
// deleted: true then: undefined
// cached product in the outage: { id: '1', name: 'Product 1' }
// another product in the outage: { id: '2', name: 'Product 2' }
// deletion in the outage: putMany in collection "products": the store is unavailable (there is no connection…).
