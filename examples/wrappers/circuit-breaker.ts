/**
 * CircuitBreaker: fails calls at once while the store is down, without sending them.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect } from "effect"
import { CircuitBreaker, KeyValue, Timeout } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { slow } from "../support/slow.ts"

const Store = Remote.pipe(
  slow({ calls: 2, by: "1 minute" }), // an outage
  Timeout.wrap("50 millis"), // inside: a timeout counts as a failure
  CircuitBreaker.wrap({ trip: { consecutive: 2 }, openFor: "200 millis" })
)

const attempt = KeyValue.KeyValue.use((kv) => kv.put("alice", { name: "Alice" })).pipe(
  Effect.andThen(Console.log("stored")),
  Effect.catchTags({
    TimeoutError: () => Console.log("timed out"),
    CircuitOpenError: (error) =>
      Effect.andThen(
        Console.log(`not sent (${error.outcome}), try again later`),
        Effect.sleep(Duration.sum(error.retryAfter, Duration.millis(10)))
      )
  })
)

const program = Effect.gen(function* () {
  yield* attempt
  yield* attempt // the second consecutive failure opens the circuit
  yield* attempt
  yield* attempt // after `retryAfter`, a success closes it
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// timed out
// timed out
// not sent (not-applied), try again later
// stored
