/**
 * RateLimit: limits how many calls may start per time window. Further calls fail, or wait.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, RateLimit } from "effect-kv"
import { Remote } from "../support/remote.ts"

const put = Effect.fn(function* (key: string) {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put(key, 1).pipe(
    Effect.andThen(Console.log(key, "was stored")),
    Effect.catchTag("RateLimitedError", (error) => Console.log(error.message))
  )
})

const two = Effect.andThen(put("a"), put("b"))

const main = Effect.gen(function* () {
  yield* Effect.provide(two, Remote.pipe(RateLimit.wrap({ limit: 1, window: "1 hour" })))
  // 20 per second is one every 50 milliseconds, so `b` waits that long.
  yield* Effect.provide(two, Remote.pipe(RateLimit.wrap({ limit: 20, burst: 1, onExceeded: "wait" })))
})

main.pipe(NodeRuntime.runMain)

// Prints:
// a was stored
// put in collection "default_collection": over the rate limit. The next call is allowed in …
// a was stored
// b was stored
