/**
 * What somebody who can write to the database can do to encrypted values, with FernetEncryption and with Aead.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Aead, FernetEncryption, KeyValue, Memory } from "effect-kv"

const Database = Memory.layer()

const roles = { collection: "roles" }
const expiring = { ...roles, ttl: "1 hour" } as const

/** Each attack gets the database and an old stored value that says `admin`, and changes the entry of a user. */
const attacks: Record<string, (database: KeyValue.Service, admin: Uint8Array) => Effect.Effect<void, unknown>> = {
  "put plaintext": (database) => database.put("mallory", "admin", expiring),
  "change a byte": (database, admin) =>
    database.put(
      "alice",
      admin.map((byte, i) => (i === 60 ? byte ^ 1 : byte)),
      expiring
    ),
  "copy to another key": (database, admin) => database.put("mallory", admin, expiring),
  "keep it for ever": (database, admin) => database.put("alice", admin, roles),
  "put an older value back": (database, admin) => database.put("alice", admin, expiring)
}

const results = (attack: (typeof attacks)[string]) =>
  Effect.gen(function* () {
    const users = yield* KeyValue.KeyValue
    const database = yield* KeyValue.KeyValue.pipe(Effect.provide(Database))
    yield* users.put("alice", "admin", expiring)
    yield* users.put("mallory", "guest", expiring)
    const admin = yield* database.get("alice", roles)
    yield* users.put("alice", "guest", expiring) // Alice loses her role
    yield* attack(database, admin as Uint8Array)
    const read = (key: string) =>
      Effect.catchTag(users.get(key, roles), "DecryptionError", ({ reason }) =>
        Effect.succeed(`DecryptionError: ${reason}`)
      )
    return [yield* read("alice"), yield* read("mallory")].find((role) => role !== "guest") ?? "guest"
  })

const program = Effect.gen(function* () {
  const fernetKey = yield* FernetEncryption.generateKey
  const aeadKey = yield* Aead.generateKey
  const Fernet = Database.pipe(FernetEncryption.wrap({ keys: [fernetKey], envelope: "binary" }))
  const Bound = Database.pipe(Aead.wrap({ keys: [{ id: "2026-11", key: aeadKey }], storeId: "roles" }))
  for (const [name, attack] of Object.entries(attacks)) {
    const [fernet, aead] = [
      yield* Effect.provide(results(attack), Fernet),
      yield* Effect.provide(results(attack), Bound)
    ]
    yield* Console.log(`${name}: Fernet ${fernet} | Aead ${aead}`)
  }
})

program.pipe(Effect.provide(Database), NodeRuntime.runMain)

// Prints:
// put plaintext: Fernet DecryptionError: not-encrypted | Aead DecryptionError: not-encrypted
// change a byte: Fernet DecryptionError: wrong-key | Aead DecryptionError: altered
// copy to another key: Fernet admin | Aead DecryptionError: moved
// keep it for ever: Fernet admin | Aead DecryptionError: revived
// put an older value back: Fernet admin | Aead admin
