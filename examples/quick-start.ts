/**
 * Stores values by key, in collections and with TTLs, behind the wrappers that most programs need.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Memory, Retry, Statistics, Timeout } from "effect-kv"

// Start with the store; each wrapper wraps everything before it. The last wrapper is the outermost.
const Store = Memory.layer({ maxEntries: 10_000 }).pipe(
  Timeout.wrap("1 second"),
  Retry.wrap(),
  Statistics.wrap({ store: "sessions" })
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue

  yield* kv.put("alice", { name: "Alice", roles: ["admin"] }, { collection: "users", ttl: "1 hour" })
  yield* Console.log("alice:", yield* kv.get("alice", { collection: "users" }))
  yield* Console.log("a miss:", yield* kv.get("bob", { collection: "users" }))

  // Values are any JSON value, or bytes. Calls without a collection use the default collection of the store.
  yield* kv.putMany([
    ["visits", 7],
    ["banner", null],
    ["logo", Uint8Array.of(1, 2, 3)]
  ])
  yield* Console.log("several:", yield* kv.getMany(["visits", "banner", "logo", "nothing"]))

  yield* Console.log("deleted:", yield* kv.delete("visits"), yield* kv.deleteMany(["visits", "banner"]))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// alice: { name: 'Alice', roles: [ 'admin' ] }
// a miss: undefined
// several: [ 7, null, Uint8Array(3) [ 1, 2, 3 ], undefined ]
// deleted: true 1
