/**
 * Retry: retries transient failures with exponential backoff.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Retry, Statistics, Timeout } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { slow } from "../support/slow.ts"

const Store = Remote.pipe(
  slow({ calls: 2, by: "1 minute" }),
  Timeout.wrap("100 millis"), // inside Retry: limits each attempt
  Statistics.wrap(), // inside Retry: counts attempts
  Retry.wrap({ maxRetries: 3, initialDelay: "10 millis", factor: 2, maxDelay: "1 second" })
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users" })
  yield* Console.log("stored:", yield* kv.get("alice", { collection: "users" }))

  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  yield* Console.log("attempts to put:", total.put?.calls, total.put?.errors)

  // Errors that are not retryable fail at once.
  yield* Effect.catchTag(kv.put("alice", 1, { ttl: 0 }), "InvalidTtlError", (error) => Console.log(error.message))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// stored: { name: 'Alice' }
// attempts to put: 3 { TimeoutError: 2 }
// put in collection "default_collection": the TTL is not positive. …
