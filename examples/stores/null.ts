/**
 * Null: accepts every write and stores nothing, so that every read is a miss.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Memory, Null, PassthroughCache, Statistics } from "effect-kv"

/** A store of products, with a cache that can be disabled. */
const products = (cacheEnabled: boolean) =>
  Memory.layer({ seed: { products: { "42": { name: "Lamp" } } } }).pipe(
    Statistics.wrap(), // inside the cache: counts what reaches the store
    PassthroughCache.wrap({ cache: cacheEnabled ? Memory.layer({ maxEntries: 1000 }) : Null.layer() })
  )

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const read = kv.get("42", { collection: "products" })
  const product = yield* Effect.andThen(read, read)
  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  yield* Console.log(product, "reads of the store:", total.get?.calls)
})

const main = Effect.gen(function* () {
  yield* Effect.provide(program, products(true))
  yield* Effect.provide(program, products(false))
})

main.pipe(NodeRuntime.runMain)

// Prints:
// { name: 'Lamp' } reads of the store: 1
// { name: 'Lamp' } reads of the store: 2
