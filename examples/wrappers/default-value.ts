/**
 * DefaultValue: returns a default value for missing keys.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { DefaultValue, KeyValue, Memory } from "effect-kv"

const Store = Memory.layer().pipe(DefaultValue.wrap({ value: { theme: "light", beta: false } }))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { theme: "dark", beta: true }, { collection: "settings" })
  yield* Console.log(yield* kv.getMany(["alice", "bob"], { collection: "settings" }))
  yield* Console.log("the default is not stored:", yield* kv.delete("bob", { collection: "settings" }))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// [ { theme: 'dark', beta: true }, { theme: 'light', beta: false } ]
// the default is not stored: false
