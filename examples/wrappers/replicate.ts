/**
 * Replicate: keeps the same entries in several stores. Some of them may be unavailable.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Memory, Replicate } from "effect-kv"
import { outage } from "../support/outage.ts"
import { Remote } from "../support/remote.ts"

const first = outage()
const second = outage()

const Store = Remote.pipe(
  first.wrap,
  Replicate.wrap({
    replicas: [Memory.layer().pipe(second.wrap), Memory.layer()],
    acknowledgements: "quorum", // two of the three
    pause: "20 millis"
  })
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("theme", "light")

  first.state.isOn = true
  yield* kv.put("theme", "dark")
  yield* Console.log("the first store is down:", yield* kv.get("theme"))

  second.state.isOn = true
  yield* Effect.catchTag(kv.put("theme", "blue"), "StoreUnavailableError", (error) =>
    Console.log("two stores are down:", error.outcome)
  )
  second.state.isOn = false
  yield* kv.put("theme", "green")

  first.state.isOn = false
  yield* Effect.sleep("200 millis")
  second.state.isOn = true
  yield* Console.log("the first store has caught up:", yield* kv.get("theme"))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// the first store is down: dark
// two stores are down: unknown
// the first store has caught up: green
