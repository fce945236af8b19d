/**
 * A value that is loaded once and kept for a while, however many ask for it at the same time.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue } from "effect-kv"
import { Remote } from "./support/remote.ts"

const loadWeather = Console.log("asking the weather service").pipe(
  Effect.andThen(Effect.sleep("50 millis")),
  Effect.as({ city: "Berlin", celsius: 21 })
)

const weather = KeyValue.KeyValue.use((kv) =>
  kv.getOrSet("berlin", loadWeather, { collection: "weather", ttl: "10 minutes" })
)

const program = Effect.gen(function* () {
  const answers = yield* Effect.replicateEffect(weather, 100, { concurrency: "unbounded" })
  yield* Console.log(`${answers.length} answers:`, answers[0])
  yield* Console.log("once more:", yield* weather)
})

program.pipe(Effect.provide(Remote), NodeRuntime.runMain)

// Prints:
// asking the weather service
// 100 answers: { city: 'Berlin', celsius: 21 }
// once more: { city: 'Berlin', celsius: 21 }
