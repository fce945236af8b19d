/**
 * PassthroughCache in an outage: returns stale values, up to a maximum age.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Metric } from "effect"
import { KeyValue, Memory, PassthroughCache } from "effect-kv"
import { outage } from "../support/outage.ts"
import { Remote } from "../support/remote.ts"

const { state, wrap } = outage()

const Store = Remote.pipe(
  wrap,
  PassthroughCache.wrap({
    cache: Memory.layer({ maxEntries: 1000 }),
    maxTtl: "10 millis", // how long a value is fresh
    missingTtl: "10 millis",
    maxStale: "1 hour", // how much longer it is returned if the store fails
    missTtl: "1 minute", // how long a missing key is remembered
    refreshAhead: { fraction: 0.2 } // refreshes values that are read in the last fifth of their time
  })
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" })
  yield* kv.put("bob", { name: "Bob" })
  yield* kv.getMany(["alice", "carol"])
  yield* Effect.sleep("20 millis")

  state.isOn = true
  yield* Console.log("stale:", yield* kv.get("alice"))
  yield* Console.log("known to be missing:", yield* kv.get("carol"))
  yield* Effect.catchTag(kv.get("bob"), "StoreUnavailableError", () => Console.log("bob was never read"))

  const counts = (yield* Metric.snapshot).flatMap(({ id, attributes, state }) =>
    id === "effect_kv.cache" && "count" in state && state.count
      ? [`${attributes?.["cache.result"]}: ${state.count}`]
      : []
  )
  yield* Console.log(counts.sort().join(", "))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// stale: { name: 'Alice' }
// known to be missing: undefined
// bob was never read
// hit: 1, miss: 4, stale: 1
