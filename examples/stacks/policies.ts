/**
 * All policies around a store, in the recommended order, during an outage: what callers see, and what the store sees.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Bulkhead, CircuitBreaker, Deadline, Hedge, KeyValue, RateLimit, Retry, Statistics, Timeout } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { slow } from "../support/slow.ts"

const Store = Remote.pipe(
  slow({ calls: 1000, by: "1 minute" }), // an outage that does not end
  Statistics.wrap(), // counts what the store sees
  Timeout.wrap("50 millis"), // each attempt
  Hedge.wrap(), // a second attempt for slow reads
  Retry.wrap({ initialDelay: "10 millis" }), // within its budget
  CircuitBreaker.wrap({ trip: { consecutive: 1 } }), // sees one outcome per call
  Bulkhead.wrap({ maxConcurrent: 3, maxQueue: 3 }), // a call keeps one place for all its attempts
  RateLimit.wrap({ limit: 8, window: "1 hour" }), // a rejected call takes no place in the bulkhead
  Deadline.wrap("1 second") // all attempts, pauses and queues
)

const outcome = (key: string) =>
  KeyValue.KeyValue.use((kv) => kv.get(key)).pipe(
    Effect.as("a result"),
    Effect.catch((error) => Effect.succeed(error._tag))
  )

const program = Effect.gen(function* () {
  const keys = Array.from({ length: 9 }, (_, i) => String(i))
  const outcomes = yield* Effect.forEach(keys, outcome, { concurrency: "unbounded" })
  yield* Effect.forEach(
    Map.groupBy(outcomes, (tag) => tag),
    ([tag, all]) => Console.log(`${all.length} × ${tag}`)
  )

  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  yield* Console.log("attempts that the store saw:", total.get?.calls)
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// 3 × TimeoutError
// 3 × CircuitOpenError
// 2 × BulkheadFullError
// 1 × RateLimitedError
// attempts that the store saw: 12
