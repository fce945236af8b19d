/**
 * Fallback: uses a second store while the first is unavailable.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Fallback, KeyValue, Memory, Timeout } from "effect-kv"
import { Remote, Unreachable } from "../support/remote.ts"

const Copy = Memory.layer({ seed: { settings: { theme: "dark (from the copy)" } } })

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("theme", "light", { collection: "settings" })
  yield* Console.log("theme:", yield* kv.get("theme", { collection: "settings" }))
  yield* Console.log("a miss does not fall back:", yield* kv.get("font", { collection: "settings" }))
}).pipe(
  // Writes go to the first store only, unless `writeToFallback` is set.
  Effect.catchTag("StoreUnavailableError", (error) => Console.log(`${error.operation} failed: ${error.outcome}`))
)

const read = KeyValue.KeyValue.use((kv) =>
  Effect.flatMap(kv.get("theme", { collection: "settings" }), (theme) => Console.log("theme:", theme))
)

const main = Effect.gen(function* () {
  yield* Console.log("The store is available:")
  yield* Effect.provide(program, Remote.pipe(Timeout.wrap("1 second"), Fallback.wrap({ fallback: Copy })))
  yield* Console.log("The store is unavailable:")
  const Store = Unreachable.pipe(Timeout.wrap("1 second"), Fallback.wrap({ fallback: Copy }))
  yield* Effect.provide(Effect.andThen(program, read), Store)
})

main.pipe(NodeRuntime.runMain)

// Prints:
// The store is available:
// theme: light
// a miss does not fall back: undefined
// The store is unavailable:
// put failed: not-applied
// theme: dark (from the copy)
