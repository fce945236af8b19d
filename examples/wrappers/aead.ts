/**
 * Aead: encrypts values, and binds each value to its key, so that it cannot be copied to another key.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Aead, KeyValue, Memory } from "effect-kv"

const Base = Memory.layer()

const program = Effect.gen(function* () {
  // Keys belong in the environment or a key management service: `Config.Redacted("STORE_KEY")`.
  const key = yield* Aead.generateKey
  const Encrypted = Base.pipe(Aead.wrap({ keys: [{ id: "2026-11", key }], storeId: "accounts" }))
  const read = (name: string) =>
    KeyValue.KeyValue.use((kv) => kv.get(name, { collection: "roles" })).pipe(
      Effect.flatMap((value) => Console.log(`${name}:`, value)),
      Effect.catchTag("DecryptionError", (error) => Console.log(`${name}:`, error.reason)),
      Effect.provide(Encrypted)
    )

  yield* KeyValue.KeyValue.use((kv) =>
    kv.putMany(
      [
        ["alice", "administrator"],
        ["mallory", "guest"]
      ],
      { collection: "roles", ttl: "1 hour" }
    )
  ).pipe(Effect.provide(Encrypted))

  // Mallory can write to the database, and copies Alice's role to himself.
  const store = yield* KeyValue.KeyValue
  const stolen = yield* store.ttl("alice", { collection: "roles" })
  yield* store.put("mallory", stolen?.value ?? null, { collection: "roles", ttl: stolen?.ttl })
  yield* read("alice")
  yield* read("mallory")

  // Or he removes the expiry.
  yield* store.put("alice", stolen?.value ?? null, { collection: "roles" })
  yield* read("alice")
})

program.pipe(Effect.provide(Base), NodeRuntime.runMain)

// Prints:
// alice: administrator
// mallory: moved
// alice: revived
