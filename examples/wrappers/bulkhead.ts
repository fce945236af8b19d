/**
 * Bulkhead: limits how many calls run at a time. Further calls wait in a queue, and are rejected when the queue is
 * full.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Bulkhead, KeyValue } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { slow } from "../support/slow.ts"

const Store = Remote.pipe(
  slow({ calls: 3, by: "50 millis" }),
  Bulkhead.wrap({ maxConcurrent: 1, maxQueue: 2, maxWait: "80 millis" })
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const put = (key: string) =>
    kv.put(key, 1).pipe(
      Effect.andThen(Console.log(key, "was stored")),
      Effect.catchTag("BulkheadFullError", (error) => Console.log(error.message, error.outcome))
    )
  // `a` runs, `b` and `c` wait, and `d` is rejected because the queue is full. `c` waits longer than `maxWait`, and
  // fails.
  yield* Effect.forEach(["a", "b", "c", "d"], put, { concurrency: "unbounded" })
  yield* put("c")
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// put in collection "default_collection": 3 calls are running or waiting already. not-applied
// a was stored
// put in collection "default_collection": too many calls are running, and this one could not start within 80ms. not-applied
// b was stored
// c was stored
