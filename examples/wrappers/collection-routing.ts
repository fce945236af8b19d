/**
 * CollectionRouting: keeps some collections in stores of their own, by name.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import { CollectionRouting, Enumeration, KeyValue, Memory } from "effect-kv"

const Base = Memory.layer()
const Sessions = Memory.layer({ maxEntries: 10_000 })
const Store = Base.pipe(CollectionRouting.wrap({ sessions: Sessions }))

const collections = Enumeration.Enumeration.use((enumeration) => Stream.runCollect(enumeration.collections()))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users" })
  yield* kv.put("s1", { user: "alice" }, { collection: "sessions", ttl: "1 hour" })

  yield* Console.log("through the layer:", yield* collections)
  yield* Console.log("in the first store:", yield* Effect.provide(collections, Base))
  yield* Console.log("in the store of sessions:", yield* Effect.provide(collections, Sessions))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// through the layer: [ 'users', 'sessions' ]
// in the first store: [ 'users' ]
// in the store of sessions: [ 'sessions' ]
