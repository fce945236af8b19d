/**
 * Deadline: one time budget for all attempts of an operation, or for several operations.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Deadline, KeyValue, Retry, Timeout } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { slow } from "../support/slow.ts"

const store = (slowCalls: number) =>
  Remote.pipe(
    slow({ calls: slowCalls, by: "1 minute" }),
    Timeout.wrap("100 millis"), // each attempt
    Retry.wrap({ maxRetries: 10, initialDelay: "1 millis" }),
    Deadline.wrap("2 seconds") // all attempts
  )

const put = Effect.fn(function* (key: string) {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put(key, 1).pipe(
    Effect.andThen(Console.log(key, "was stored")),
    Effect.catchTag("TimeoutError", (error) => Console.log(`${key}: ${error.message} (${error.outcome})`))
  )
})

const main = Effect.gen(function* () {
  yield* Effect.provide(put("a"), store(2))
  // One budget for three operations. The first uses all of it, so the others are not sent.
  const three = Effect.forEach(["b", "c", "d"], put)
  yield* three.pipe(Deadline.within("150 millis"), Effect.provide(store(1000)))
})

main.pipe(NodeRuntime.runMain)

// Prints:
// a was stored
// b: put in collection "default_collection": no answer within … The write may still be applied. (unknown)
// c: put in collection "default_collection": no time was left to start it. (not-applied)
// d: put in collection "default_collection": no time was left to start it. (not-applied)
