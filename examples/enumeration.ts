/**
 * Enumeration and Maintenance: list keys and collections as streams, and clear them.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import { Enumeration, KeyValue, Maintenance } from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const { keys, collections } = yield* Enumeration.Enumeration
  const maintenance = yield* Maintenance.Maintenance

  const users = Array.from({ length: 2500 }, (_, i) => [`user:${i}`, { visits: i }] as const)
  yield* kv.putMany(users, { collection: "users" })
  yield* kv.putMany([["session:1", "alice"]], { collection: "sessions", ttl: "1 hour" })

  yield* Console.log("collections:", (yield* Stream.runCollect(collections())).sort())

  // Pages are fetched as the stream is pulled, so memory use does not grow with the number of keys.
  yield* Console.log("users:", yield* Stream.runCount(keys({ collection: "users" })))
  yield* Console.log(
    "three of them:",
    yield* Stream.runCollect(keys({ collection: "users", prefix: "user:24", limit: 3 }))
  )

  // Clearing removes only what this store wrote, never other data in the same database.
  yield* Console.log("removed:", yield* maintenance.clearCollection({ collection: "users" }))
  yield* Console.log("left:", yield* Stream.runCollect(collections()))
  yield* Console.log("removed:", yield* maintenance.clear)
})

program.pipe(Effect.provide(Sqlite.layer()), NodeRuntime.runMain)

// Prints:
// collections: [ 'sessions', 'users' ]
// users: 2500
// three of them: [ 'user:24', 'user:240', 'user:2400' ]
// removed: 2500
// left: [ 'sessions' ]
// removed: 1
