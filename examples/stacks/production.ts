/**
 * Stack.production: every attempt limited, failures retried, values encrypted and compressed, all of it measured. With a
 * near cache around it, and a limit on all attempts together.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { Deadline, FernetEncryption, KeyValue, Memory, PassthroughCache, Stack, Statistics } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { slow } from "../support/slow.ts"

const Store = Layer.unwrap(
  Effect.map(FernetEncryption.generateKey, (key) =>
    Remote.pipe(
      slow({ calls: 1, by: "1 minute" }), // a bad start
      Stack.production({
        store: "documents",
        encryption: { keys: [key] }, // in earnest: Config.Redacted("STORE_KEY")
        timeout: "100 millis",
        retry: { maxRetries: 3, initialDelay: "10 millis" },
        compression: { minSize: "1 KiB" }
      }),
      Deadline.wrap("1 second"),
      PassthroughCache.wrap({ cache: Memory.layer({ maxSize: "10 MiB" }), maxTtl: "1 minute" })
    )
  )
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const text = "lorem ipsum ".repeat(1000)
  yield* kv.put("readme", text, { collection: "documents", ttl: "1 hour" })
  const read = kv.get("readme", { collection: "documents" })
  yield* Console.log("read as it was written:", (yield* read) === text, (yield* read) === text)

  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  yield* Console.log("puts:", total.put?.calls, total.put?.errors)
  yield* Console.log("gets that were not answered from near:", total.get?.calls)
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// read as it was written: true true
// puts: 1 {}
// gets that were not answered from near: 1
