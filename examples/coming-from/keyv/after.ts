/**
 * The same with effect-kv.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect } from "effect"
import { KeyValue, type KeyValueError, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Database, plugged } from "../support.ts"

const redis = await plugged()
const database = new Database()

const Store = Redis.layer({ url: redis.url, prefix: "example-app:" }).pipe(Timeout.wrap("1 second"))

const products = { collection: "products", ttl: "1 minute" } as const
const prices = { collection: "prices", ttl: "1 minute" } as const

const product = Effect.fn(function* (id: string) {
  const kv = yield* KeyValue.KeyValue
  const find = Effect.promise(() => database.product(id))
  return yield* kv.getOrSet(id, find, { ...products, onStoreFailure: "load" })
})

/** The value, or the message of the error. */
const outcome = Effect.match({
  onSuccess: (value: unknown) => value,
  onFailure: (error: KeyValueError.KeyValueError) => error.message
})

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.delete("1", products)
  yield* Effect.replicateEffect(product("1"), 100, { concurrency: "unbounded" })
  yield* Console.log("100 callers:", yield* product("1"), "queries:", database.queries)

  yield* kv.put("1", 12.5, { ...prices, ttl: "5 seconds" })
  const entries = [
    ["2", 8],
    ["3", null, { ttl: "1 hour" }]
  ] as const
  yield* kv.putMany(entries, prices)
  yield* Console.log("prices:", yield* kv.getMany(["1", "2", "3", "4"], prices))
  const price = yield* kv.ttl("1", prices)
  yield* Console.log("seconds left:", Math.round(Duration.toSeconds(price!.ttl!)))
  yield* Console.log("deleted:", yield* kv.delete("2", prices), "has:", yield* kv.has("2", prices))

  const unplug = Effect.promise(redis.unplug)
  const [underWay] = yield* Effect.all([outcome(kv.get("1", products)), unplug], { concurrency: 2 })
  yield* Console.log("read when the connection breaks:", underWay)
  yield* Console.log("read in the outage:", yield* outcome(kv.get("1", products)))
  yield* Console.log("write in the outage:", yield* outcome(kv.put("2", 9, prices)))
  yield* Console.log("product in the outage:", yield* outcome(product("1")))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// 100 callers: { id: '1', name: 'Product 1' } queries: 1
// prices: [ 12.5, 8, null, undefined ]
// seconds left: 5
// deleted: true has: false
// read when the connection breaks: get in collection "products": the store is unavailable (the connection was lost …).
// read in the outage: get in collection "products": the store is unavailable (there is no connection…).
// write in the outage: put in collection "prices": the store is unavailable (there is no connection…).
// product in the outage: { id: '1', name: 'Product 1' }
