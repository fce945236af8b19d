/**
 * Timeout: no caller waits longer than the limit.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Timeout } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { slow } from "../support/slow.ts"

const Store = Remote.pipe(slow({ calls: 2, by: "1 minute" }), Timeout.wrap("200 millis"))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* Effect.catchTag(kv.get("alice"), "TimeoutError", (error) => Console.log(error.message))
  yield* Effect.catchTag(kv.put("alice", 1), "TimeoutError", (error) => Console.log(error.message, error.outcome))
  yield* Console.log("then within the limit:", yield* kv.get("alice"))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// get in collection "default_collection": no answer within 200ms.
// put in collection "default_collection": no answer within 200ms. The write may still be applied. unknown
// then within the limit: undefined
