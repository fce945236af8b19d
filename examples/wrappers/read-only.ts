/**
 * ReadOnly: allows reads, and rejects or ignores writes.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Memory, ReadOnly } from "effect-kv"

const Base = Memory.layer({ seed: { users: { alice: { name: "Alice" } } } })

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Mallory" }, { collection: "users" }).pipe(
    Effect.andThen(Console.log("no failure")),
    Effect.catchTag("ReadOnlyError", (error) => Console.log(error.message))
  )
  yield* Console.log(yield* kv.get("alice", { collection: "users" }))
})

const main = Effect.gen(function* () {
  yield* Effect.provide(program, Base.pipe(ReadOnly.wrap()))
  yield* Effect.provide(program, Base.pipe(ReadOnly.wrap({ onWrite: "ignore" })))
})

main.pipe(NodeRuntime.runMain)

// Prints:
// put in collection "users": this store is read-only.
// { name: 'Alice' }
// no failure
// { name: 'Alice' }
