/**
 * FernetEncryption: encrypts values, and shows how to change the key.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { FernetEncryption, KeyValue, Memory } from "effect-kv"

const Base = Memory.layer()

const show = (what: string) =>
  Effect.flatMap(KeyValue.KeyValue, (kv) => kv.get("github", { collection: "tokens" })).pipe(
    Effect.flatMap((value) => Console.log(what, value)),
    Effect.catchTag("DecryptionError", (error) => Console.log(what, error.reason))
  )

const program = Effect.gen(function* () {
  // Keys belong in the environment or a key management service: `Config.Redacted("STORE_KEY")`.
  const oldKey = yield* FernetEncryption.generateKey
  const newKey = yield* FernetEncryption.generateKey

  yield* KeyValue.KeyValue.use((kv) => kv.put("github", { token: "hunter2" }, { collection: "tokens" })).pipe(
    Effect.andThen(show("with the key:")),
    Effect.provide(Base.pipe(FernetEncryption.wrap({ keys: [oldKey] })))
  )
  yield* show("without a key:").pipe(Effect.provide(Base))
  yield* show("with another key:").pipe(Effect.provide(Base.pipe(FernetEncryption.wrap({ keys: [newKey] }))))

  // To change the key, put the new key first. The first key encrypts, and all keys decrypt.
  yield* show("with both keys:").pipe(Effect.provide(Base.pipe(FernetEncryption.wrap({ keys: [newKey, oldKey] }))))
})

program.pipe(Effect.provide(Base), NodeRuntime.runMain)

// Prints:
// with the key: { token: 'hunter2' }
// without a key: {
//   __encrypted_data__: '…',
//   __encryption_version__: 1
// }
// with another key: wrong-key
// with both keys: { token: 'hunter2' }
