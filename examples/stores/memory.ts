/**
 * Memory: entries in the process, with limits and initial values.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Memory } from "effect-kv"

const Store = Memory.layer({
  maxEntries: 2, // the least recently used entry is evicted first
  maxSize: "1 MiB",
  seed: { users: { alice: { name: "Alice" }, bob: { name: "Bob" } } }
})

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const get = (name: string) => kv.get(name, { collection: "users" })

  const alice = yield* get("alice")
  yield* kv.put("carol", { name: "Carol" }, { collection: "users" })
  yield* Console.log("bob was evicted:", yield* kv.getMany(["alice", "bob", "carol"], { collection: "users" }))

  // Values are copies: mutating one does not change the store.
  Object.assign(alice as object, { name: "Mallory" })
  yield* Console.log("unchanged:", yield* get("alice"))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// bob was evicted: [ { name: 'Alice' }, undefined, { name: 'Carol' } ]
// unchanged: { name: 'Alice' }
