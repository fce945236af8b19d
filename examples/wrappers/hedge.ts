/**
 * Hedge: sends a second attempt for slow reads, and returns whichever answers first.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Hedge, KeyValue, Statistics } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { slow } from "../support/slow.ts"

const Store = Remote.pipe(
  slow({ calls: 1, by: "1 minute" }), // a node that is busy with garbage collection
  Statistics.wrap(), // inside: counts attempts
  Hedge.wrap({ after: "50 millis", maxExtra: 1 })
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* Console.log("answered:", yield* kv.get("alice"))
  yield* Console.log("answered:", yield* kv.get("bob"))

  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  yield* Console.log("attempts:", total.get?.calls, total.get?.errors)
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// answered: undefined
// answered: undefined
// attempts: 3 { Interrupted: 1 }
