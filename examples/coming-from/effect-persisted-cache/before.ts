/**
 * Effect's PersistedCache: products in Redis.
 */
import { NodeRedis, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Exit, Layer, Schedule, Schema } from "effect"
import { Persistable, PersistedCache, Persistence, Redis } from "effect/persistence"
import { Database, plugged } from "../support.ts"

const redis = await plugged()
const database = new Database()

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}

class GetProduct extends Persistable.Class<{ payload: { readonly id: string } }>()("GetProduct", {
  primaryKey: ({ id }) => id,
  success: Schema.Struct({ id: Schema.String, name: Schema.String }),
  error: NotFound
}) {}

const Store = Persistence.layerRedis.pipe(
  Layer.provideMerge(NodeRedis.layer({ url: redis.url, disableOfflineQueue: true }))
)

const makeProducts = PersistedCache.make(
  ({ id }: GetProduct) =>
    Effect.flatMap(
      Effect.promise(() => database.product(id)),
      (product) => (id === "404" ? Effect.fail(new NotFound({ id })) : Effect.succeed(product))
    ),
  {
    storeId: "example-products",
    timeToLive: (exit) => (Exit.isSuccess(exit) ? "1 hour" : "1 minute")
  }
)

/** The value, or the name of the error. */
const outcome = Effect.match({ onSuccess: (value: unknown) => value, onFailure: ({ _tag }: { _tag: string }) => _tag })

const program = Effect.gen(function* () {
  const products = yield* makeProducts
  const get = (id: string) => products.get(new GetProduct({ id }))
  for (const id of ["1", "404"]) yield* products.invalidate(new GetProduct({ id }))

  yield* Effect.replicateEffect(get("1"), 100, { concurrency: "unbounded" })
  yield* Console.log("100 callers:", yield* get("1"), "queries:", database.queries)
  const another = yield* Effect.flatMap(makeProducts, (cache) => cache.get(new GetProduct({ id: "1" })))
  yield* Console.log("in another process:", another, "queries:", database.queries)
  yield* Console.log("an error:", yield* outcome(get("404")), yield* outcome(get("404")), "queries:", database.queries)
  yield* products.invalidate(new GetProduct({ id: "1" }))
  yield* Console.log("invalidated:", yield* get("1"), "queries:", database.queries)

  yield* Effect.promise(redis.unplug)
  yield* Effect.sleep("50 millis")

  yield* Console.log("cached product in the outage:", yield* outcome(get("1")))
  yield* Console.log("another product in the outage:", yield* outcome(get("2")))
  yield* Effect.promise(redis.plug)
  yield* Effect.retry(
    Redis.Redis.use((client) => client.send("PING")),
    Schedule.spaced("50 millis")
  )
  yield* Console.log("another product after the outage:", yield* outcome(get("2")))
})

program.pipe(Effect.scoped, Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// 100 callers: { id: '1', name: 'Product 1' } queries: 1
// in another process: { id: '1', name: 'Product 1' } queries: 1
// an error: NotFound NotFound queries: 2
// invalidated: { id: '1', name: 'Product 1' } queries: 3
// cached product in the outage: { id: '1', name: 'Product 1' }
// another product in the outage: PersistenceError
// another product after the outage: PersistenceError
