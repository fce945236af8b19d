/**
 * PassthroughCache: a cache in front of the store, filled by reads.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, Memory, PassthroughCache, Statistics } from "effect-kv"
import { Remote } from "../support/remote.ts"

const Store = Remote.pipe(
  Statistics.wrap({ store: "documents" }), // inside the cache: counts calls to the store
  PassthroughCache.wrap({ cache: Memory.layer({ maxEntries: 1000 }), maxTtl: "1 minute", missingTtl: "1 minute" })
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const statistics = yield* Statistics.Statistics
  const storeReads = Effect.map(statistics.snapshot, ({ total }) => total.get?.calls ?? 0)

  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
  const get = kv.get("alice", { collection: "users" })

  yield* Console.log(yield* get, "store reads:", yield* storeReads)
  yield* Console.log(yield* get, "store reads:", yield* storeReads)

  // A write removes the cached copy.
  yield* kv.put("alice", { name: "Alice B." }, { collection: "users", ttl: "1 hour" })
  yield* Console.log(yield* get, "store reads:", yield* storeReads)

  // Concurrent reads of one key share one read of the store.
  yield* kv.delete("alice", { collection: "users" })
  yield* Effect.replicateEffect(get, 50, { concurrency: "unbounded" })
  yield* Console.log("after 50 at once, store reads:", yield* storeReads)
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// { name: 'Alice' } store reads: 1
// { name: 'Alice' } store reads: 1
// { name: 'Alice B.' } store reads: 2
// after 50 at once, store reads: 3
