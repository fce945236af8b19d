/**
 * Memory: entries in the process, within limits, with values to begin with.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Memory } from "effect-kv"

const Store = Memory.layer({
  maxEntries: 2, // the one that was not used for the longest time goes first
  maxSize: "1 MiB",
  seed: { users: { alice: { name: "Alice" }, bob: { name: "Bob" } } }
})

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const get = (name: string) => kv.get(name, { collection: "users" })

  const alice = yield* get("alice")
  yield* kv.put("carol", { name: "Carol" }, { collection: "users" })
  yield* Console.log("bob was used least:", yield* kv.getMany(["alice", "bob", "carol"], { collection: "users" }))

  // Values are copies: nothing in the store changes through a reference.
  Object.assign(alice as object, { name: "Mallory" })
  yield* Console.log("still:", yield* get("alice"))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// bob was used least: [ { name: 'Alice' }, undefined, { name: 'Carol' } ]
// still: { name: 'Alice' }
