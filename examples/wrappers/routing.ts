/**
 * Routing: keeps each collection in the store that a function or a table selects.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import { CollectionRouting, Enumeration, KeyValue, Memory, Routing } from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"

const Sessions = Memory.layer({ maxEntries: 10_000 })

const ByFunction = Sqlite.layer().pipe(
  Routing.wrap({
    stores: { memory: Sessions },
    route: (collection) => (collection.startsWith("session") ? "memory" : undefined)
  })
)

const ByTable = Sqlite.layer().pipe(CollectionRouting.wrap({ "sessions-web": Sessions }))

const collections = Enumeration.Enumeration.use(({ collections }) => Stream.runCollect(collections()))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("1", "alice", { collection: "sessions-web" })
  yield* kv.put("2", "bob", { collection: "sessions-app" })
  yield* kv.put("alice", { name: "Alice" }, { collection: "users" })
  yield* Console.log("in Sessions:", yield* collections.pipe(Effect.provide(Sessions)))
  yield* Console.log("in all stores:", yield* collections)
})

const main = Effect.gen(function* () {
  yield* Effect.provide(program, ByFunction)
  yield* Effect.provide(program, ByTable)
})

main.pipe(NodeRuntime.runMain)

// Prints:
// in Sessions: [ 'sessions-web', 'sessions-app' ]
// in all stores: [ 'users', 'sessions-web', 'sessions-app' ]
// in Sessions: [ 'sessions-web' ]
// in all stores: [ 'sessions-app', 'users', 'sessions-web' ]
