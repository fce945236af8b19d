/**
 * PassthroughCache: a near store that is filled by reads from a far one.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Memory, PassthroughCache, Statistics } from "effect-kv"
import { Remote } from "../support/remote.ts"

const Store = Remote.pipe(
  Statistics.wrap({ store: "far" }), // inside: counts what the far store is asked
  PassthroughCache.wrap({ cache: Memory.layer({ maxEntries: 1000 }), maxTtl: "1 minute", missingTtl: "1 minute" })
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const statistics = yield* Statistics.Statistics
  const farReads = Effect.map(statistics.snapshot, ({ total }) => total.get?.calls ?? 0)

  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
  const get = kv.get("alice", { collection: "users" })

  yield* Console.log(yield* get, "far reads:", yield* farReads)
  yield* Console.log(yield* get, "far reads:", yield* farReads)

  // A write removes the near copy.
  yield* kv.put("alice", { name: "Alice B." }, { collection: "users", ttl: "1 hour" })
  yield* Console.log(yield* get, "far reads:", yield* farReads)

  // Those who ask at the same time share one answer.
  yield* kv.delete("alice", { collection: "users" })
  yield* Effect.replicateEffect(get, 50, { concurrency: "unbounded" })
  yield* Console.log("after 50 at once, far reads:", yield* farReads)
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// { name: 'Alice' } far reads: 1
// { name: 'Alice' } far reads: 1
// { name: 'Alice B.' } far reads: 2
// after 50 at once, far reads: 3
