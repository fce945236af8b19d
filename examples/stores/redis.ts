/**
 * Redis: entries that several processes and machines share.
 *
 *     REDIS_URL=redis://localhost:6379 npx node --conditions=@effect-kv/source examples/stores/redis.ts
 */
import { NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect } from "effect"
import { KeyValue, Retry, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"

// The layer connects when it is built, and closes the connection at the end. It fails with `StoreSetupError` if no
// server answers within `connectTimeout`.
const Store = Redis.layerConfig({
  url: Config.Redacted("REDIS_URL"),
  prefix: Config.String("REDIS_PREFIX").pipe(Config.withDefault("example:"))
}).pipe(Timeout.wrap("1 second"), Retry.wrap())

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 minute" })
  yield* Console.log("example:users::alice", yield* kv.get("alice", { collection: "users" }))
  yield* kv.delete("alice", { collection: "users" })
})

program.pipe(
  Effect.provide(Store),
  Effect.catchTag("ConfigError", () => Console.log("Set REDIS_URL to try it.")),
  NodeRuntime.runMain
)

// Prints with REDIS_URL:
// example:users::alice { name: 'Alice' }

// Prints without:
// Set REDIS_URL to try it.
