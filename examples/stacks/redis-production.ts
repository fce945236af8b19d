/**
 * Redis in production: a stack whose settings come from the environment, and which starts although Redis is down.
 *
 *     REDIS_URL=redis://localhost:6379 STORE_KEY=$(openssl rand -base64 32) \
 *       npx node --conditions=@effect-kv/source examples/stacks/redis-production.ts
 */
import { NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"
import { Health, KeyValue, Memory, Stack } from "effect-kv"
import * as Redis from "effect-kv/Redis"

const settings = Config.all({
  url: Config.Redacted("REDIS_URL"), // rediss://user:password@host:port
  key: Config.Redacted("STORE_KEY"), // 32 bytes in base64
  keyId: Config.String("STORE_KEY_ID").pipe(Config.withDefault("1")),
  prefix: Config.String("REDIS_PREFIX").pipe(Config.withDefault("shop:"))
})

const Store = Layer.unwrap(
  Effect.map(settings, ({ url, key, keyId, prefix }) =>
    Redis.layer({
      url,
      prefix,
      store: "shop",
      startup: "degraded", // an instance that restarts in an outage starts, and reports that it is down
      connectTimeout: "2 seconds",
      responseTimeout: "2 seconds", // then the connection counts as dead
      coalesceReads: true,
      options: { connectionName: "shop" } // shown by CLIENT LIST
    }).pipe(
      Stack.production({
        store: "shop",
        aead: { keys: [{ id: keyId, key }], storeId: "shop" },
        timeout: "300 millis", // each attempt
        retry: { maxRetries: 2, initialDelay: "20 millis" },
        circuitBreaker: { openFor: "2 seconds" },
        bulkhead: { maxConcurrent: 500 },
        deadline: "1 second", // all attempts
        limitSize: { maxSize: "1 MiB" },
        cache: {
          cache: Memory.layer({ maxSize: "64 MiB" }),
          maxTtl: "10 seconds",
          missingTtl: "10 seconds", // for entries without a TTL
          maxStale: "5 minutes",
          store: "shop"
        }
      })
    )
  )
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("42", { total: 99.5 }, { collection: "orders", ttl: "30 days" })
  yield* Console.log("order:", yield* kv.get("42", { collection: "orders" }))
  const { status } = yield* Health.Health.use((health) => health.check())
  yield* Console.log("the stack is", status)
  yield* kv.delete("42", { collection: "orders" })
})

program.pipe(
  Effect.provide(Store),
  Effect.catchTag("ConfigError", () => Console.log("Set REDIS_URL and STORE_KEY to try it.")),
  NodeRuntime.runMain
)

// Prints with REDIS_URL:
// order: { total: 99.5 }
// the stack is up

// Prints without:
// Set REDIS_URL and STORE_KEY to try it.
