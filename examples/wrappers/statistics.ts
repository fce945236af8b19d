/**
 * Statistics: counts, hit rates, errors and latencies, by operation and collection.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect } from "effect"
import { KeyValue, Memory, Statistics } from "effect-kv"

const Store = Memory.layer().pipe(Statistics.wrap({ store: "sessions" }))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users" })
  yield* kv.get("alice", { collection: "users" }) // a hit
  yield* kv.getMany(["alice", "bob", "carol"], { collection: "users" }) // a hit and two misses
  yield* Effect.ignore(kv.put("alice", Number.NaN, { collection: "users" })) // rejected before it becomes an operation

  const statistics = yield* Statistics.Statistics
  const { total, collections } = yield* statistics.snapshot
  const users = collections.get("users")?.get
  yield* Console.log("gets of users:", users?.calls, "calls,", users?.count, "keys")
  yield* Console.log("hits:", users?.hits, "misses:", users?.misses, "hit rate:", users?.hitRate)
  yield* Console.log("puts:", total.put?.calls, "errors:", total.put?.errors)
  if (users) yield* Console.log("p99:", Duration.toMillis(users.latency.p99).toFixed(3), "ms")

  yield* statistics.reset
  yield* Console.log("after a reset:", (yield* statistics.snapshot).total)
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// gets of users: 2 calls, 4 keys
// hits: 2 misses: 2 hit rate: 0.5
// puts: 1 errors: {}
// p99: … ms
// after a reset: {}
