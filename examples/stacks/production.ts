/**
 * Stack.production: a timeout for each attempt, retries, encryption, compression and metrics. A cache, a circuit
 * breaker and a deadline are passed as options, so that they are measured, too.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Metric } from "effect"
import { FernetEncryption, KeyValue, Memory, Stack, Statistics } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { slow } from "../support/slow.ts"

const Store = Layer.unwrap(
  Effect.map(FernetEncryption.generateKey, (key) =>
    Remote.pipe(
      slow({ calls: 1, by: "1 minute" }), // the first call is slow
      Stack.production({
        store: "documents",
        encryption: { keys: [key] }, // in a real program: Config.Redacted("STORE_KEY")
        timeout: "100 millis",
        retry: { maxRetries: 3, initialDelay: "10 millis" },
        compression: { minSize: "1 KiB" },
        circuitBreaker: { openFor: "10 seconds" },
        deadline: "1 second",
        cache: { cache: Memory.layer({ maxSize: "10 MiB" }), maxTtl: "1 minute", missingTtl: "1 minute" }
      })
    )
  )
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const text = "lorem ipsum ".repeat(1000)
  yield* kv.put("readme", text, { collection: "documents", ttl: "1 hour" })
  const read = kv.get("readme", { collection: "documents" })
  yield* Console.log("read what was written:", (yield* read) === text, (yield* read) === text)

  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  yield* Console.log("puts:", total.put?.calls, total.put?.errors)
  yield* Console.log("gets:", total.get?.calls, "hit rate:", total.get?.hitRate)
  const answers = (yield* Metric.snapshot).filter(({ id }) => id === "effect_kv.cache")
  for (const { attributes, state } of answers) {
    if ("count" in state && state.count) yield* Console.log(`${attributes?.["cache.result"]}: ${state.count}`)
  }
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// read what was written: true true
// puts: 1 {}
// gets: 2 hit rate: 1
// hit: 1
// miss: 1
