/**
 * Sharing a Redis with py-key-value: what each library writes, the other reads. shared.py is the other side.
 *
 *     REDIS_URL=redis://localhost:6379 npx node --conditions=@effect-kv/source examples/python/shared.ts
 */
import { NodeRuntime } from "@effect/platform-node"
import { Config, Console, Duration, Effect, Redacted } from "effect"
import { Compression, FernetEncryption, KeyValue } from "effect-kv"
import * as Redis from "effect-kv/Redis"

// The same stack as in shared.py: each wrapper here is one there, in the same order.
const Store = Redis.layerConfig({
  url: Config.Redacted("REDIS_URL"),
  names: Config.succeed("py-key-value"),
  integers: Config.succeed("bigint")
}).pipe(
  FernetEncryption.wrap({ passphrase: Redacted.make("correct horse battery staple"), salt: "my-salt" }),
  Compression.wrap()
)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("from-typescript", { name: "Zoë", big: 2n ** 60n } as never, { collection: "users", ttl: "1 hour" })
  const found = yield* kv.ttl("from-python", { collection: "users" })
  const ttl = found?.ttl === undefined ? undefined : Duration.toMinutes(found.ttl)
  yield* Console.log("Python wrote:", found?.value, "for", ttl === undefined ? ttl : Math.ceil(ttl), "minutes")
})

program.pipe(
  Effect.provide(Store),
  Effect.catchTag("ConfigError", () => Console.log("Set REDIS_URL to try it.")),
  NodeRuntime.runMain
)

// Prints with REDIS_URL:
// Python wrote: undefined for undefined minutes

// Prints without:
// Set REDIS_URL to try it.
