/**
 * The same with effect-kv, and with what the Python program has left in Redis.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Redacted } from "effect"
import { Compression, FernetEncryption, KeyValue } from "effect-kv"
import * as Redis from "effect-kv/Redis"

const url = process.env.REDIS_URL ?? "redis://localhost:6379"

const Store = Redis.layer({ url, names: "py-key-value", integers: "bigint" }).pipe(
  FernetEncryption.wrap({ passphrase: Redacted.make("a passphrase"), salt: "my-salt" }),
  Compression.wrap()
)

const sessions = { collection: "sessions" }

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const carol = yield* kv.get("carol", sessions)
  if (carol !== undefined) yield* Console.log("from Python:", (carol as { readonly name: string }).name)

  yield* kv.put("alice", { name: "Alice", visits: 1 }, { ...sessions, ttl: "1 hour" })
  const entries = [
    ["bob", { name: "Bob" }],
    ["eve", { name: "Eve" }]
  ] as const
  yield* kv.putMany(entries, { ...sessions, ttl: "1 minute" })
  yield* kv.put("carol", { name: "Carol", text: "x".repeat(5000) }, sessions)
  yield* Console.log("session:", yield* kv.get("alice", sessions))
  yield* Console.log("sessions:", yield* kv.getMany(["bob", "dave"], sessions))
  const { ttl } = (yield* kv.ttl("alice", sessions))!
  yield* Console.log("seconds left:", Math.round(Duration.toSeconds(ttl!)))
  yield* Console.log("deleted:", yield* kv.delete("bob", sessions))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// from Python: Carol
// session: { name: 'Alice', visits: 1 }
// sessions: [ { name: 'Bob' }, undefined ]
// seconds left: 3600
// deleted: true
