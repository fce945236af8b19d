/**
 * TtlClamp: keeps the TTL of every entry between two limits.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect } from "effect"
import { KeyValue, Memory, TtlClamp } from "effect-kv"

const Store = Memory.layer().pipe(TtlClamp.wrap({ minTtl: "1 minute", maxTtl: "1 day", missingTtl: "1 hour" }))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const ttlOf = Effect.fnUntraced(function* (ttl: Duration.Input | undefined) {
    yield* kv.put("session", "alice", { ttl })
    const stored = yield* kv.ttl("session")
    return stored?.ttl && Duration.format(Duration.seconds(Math.ceil(Duration.toSeconds(stored.ttl))))
  })

  yield* Console.log("30 seconds become", yield* ttlOf("30 seconds"))
  yield* Console.log("2 hours stay", yield* ttlOf("2 hours"))
  yield* Console.log("30 days become", yield* ttlOf("30 days"))
  yield* Console.log("no TTL becomes", yield* ttlOf(undefined)) // without `missingTtl`, the entry would never expire
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// 30 seconds become 1m
// 2 hours stay 2h
// 30 days become 1d
// no TTL becomes 1h
