/**
 * getOrSet: loads a value once, even if many callers want it at the same time, and keeps it for a while.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue } from "effect-kv"
import { Remote } from "./support/remote.ts"

const loadWeather = Console.log("calling the weather service").pipe(
  Effect.andThen(Effect.sleep("50 millis")),
  Effect.as({ city: "Berlin", celsius: 21 })
)

const weather = KeyValue.KeyValue.use((kv) =>
  kv.getOrSet("berlin", loadWeather, { collection: "weather", ttl: "10 minutes" })
)

const program = Effect.gen(function* () {
  const results = yield* Effect.replicateEffect(weather, 100, { concurrency: "unbounded" })
  yield* Console.log(`${results.length} results:`, results[0])
  yield* Console.log("again:", yield* weather)
})

program.pipe(Effect.provide(Remote), NodeRuntime.runMain)

// Prints:
// calling the weather service
// 100 results: { city: 'Berlin', celsius: 21 }
// again: { city: 'Berlin', celsius: 21 }
