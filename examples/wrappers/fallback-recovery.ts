/**
 * Fallback with recovery: writes made during an outage are visible at once, and are replayed to the first store
 * afterwards.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Fallback, KeyValue, Memory, Timeout } from "effect-kv"
import { outage } from "../support/outage.ts"
import { Remote } from "../support/remote.ts"

const { state, wrap } = outage()

// To keep the journal if the process ends during the outage, use a file: Sqlite.layer({ filename: "outage.sqlite" }).
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
  yield* Console.log("During the outage:")
  yield* show
  yield* Effect.catchTag(kv.get("size"), "StoreUnavailableError", () =>
    Console.log("A key that was not written during the outage is a failure, not a miss")
  )

  state.isOn = false
  yield* Effect.sleep("200 millis")
  yield* Console.log("After the outage:")
  yield* show
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// theme: light font: serif
// During the outage:
// theme: dark font: undefined
// A key that was not written during the outage is a failure, not a miss
// After the outage:
// theme: dark font: undefined
