/**
 * Fallback with recovery: what is written in an outage is seen at once, and comes to the first store afterwards.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Fallback, KeyValue, Memory, Timeout } from "effect-kv"
import { outage } from "../support/outage.ts"
import { Remote } from "../support/remote.ts"

const { state, wrap } = outage()

// A file would outlive the process, and the outage with it: Sqlite.layer({ filename: "outage.sqlite" }).
const Store = Remote.pipe(
  wrap,
  Timeout.wrap("1 second"),
  Fallback.wrap({ fallback: Memory.layer(), recovery: { initialDelay: "10 millis" } })
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const show = Effect.flatMap(kv.getMany(["theme", "font"]), ([theme, font]) =>
    Console.log("theme:", theme, "font:", font)
  )
  yield* kv.putMany([
    ["theme", "light"],
    ["font", "serif"]
  ])
  yield* show

  state.isOn = true
  yield* kv.put("theme", "dark")
  yield* kv.delete("font")
  yield* Console.log("In the outage:")
  yield* show
  yield* Effect.catchTag(kv.get("size"), "StoreUnavailableError", () =>
    Console.log("What was not written in it is a failure, not a miss")
  )

  state.isOn = false
  yield* Effect.sleep("200 millis")
  yield* Console.log("After it:")
  yield* show
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// theme: light font: serif
// In the outage:
// theme: dark font: undefined
// What was not written in it is a failure, not a miss
// After it:
// theme: dark font: undefined
