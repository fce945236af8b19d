/**
 * SingleCollection: stores all collections in one collection, for stores in which collections are expensive.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import { Enumeration, KeyValue, Memory, SingleCollection } from "effect-kv"

const Base = Memory.layer()
const Store = Base.pipe(SingleCollection.wrap("app"))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users" })
  yield* kv.put("alice", { items: 3 }, { collection: "carts" })

  // The same key in two collections is still two entries.
  yield* Console.log(yield* kv.get("alice", { collection: "users" }), yield* kv.get("alice", { collection: "carts" }))

  const { collections } = yield* Enumeration.Enumeration
  yield* Console.log("collections:", yield* Stream.runCollect(collections()))

  const stored = Enumeration.Enumeration.use(({ keys }) => Stream.runCollect(keys({ collection: "app" })))
  yield* Console.log("in the store:", yield* stored.pipe(Effect.provide(Base)))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// { name: 'Alice' } { items: 3 }
// collections: [ 'users', 'carts' ]
// in the store: [ 'users__alice', 'carts__alice' ]
