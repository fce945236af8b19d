/**
 * HmacNames: hides the names of keys and collections from the store.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import { Aead, Enumeration, HmacNames, KeyValue, Maintenance, Memory } from "effect-kv"

const Base = Memory.layer()

const program = Effect.gen(function* () {
  // Keys belong in the environment or a key management service: `Config.Redacted("NAME_KEY")`.
  const [valueKey, nameKey] = [yield* Aead.generateKey, yield* Aead.generateKey]
  const Store = Base.pipe(Aead.wrap({ keys: [{ id: "2026-11", key: valueKey }] }), HmacNames.wrap({ key: nameKey }))

  yield* Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    yield* kv.put("alice@example.org", { plan: "pro" }, { collection: "customers" })
    yield* Console.log(yield* kv.get("alice@example.org", { collection: "customers" }))

    // The stack has no Enumeration, because names cannot be recovered from the stored names.
    const { keys, collections } = yield* Effect.provide(Enumeration.Enumeration, Base)
    const [collection = ""] = yield* Stream.runCollect(collections())
    const [key = ""] = yield* Stream.runCollect(keys({ collection }))
    yield* Console.log("stored names:", collection.length, "and", key.length, "characters")

    const { clearCollection } = yield* Maintenance.Maintenance
    yield* Console.log("cleared:", yield* clearCollection({ collection: "customers" }))
  }).pipe(Effect.provide(Store))
})

program.pipe(Effect.provide(Base), NodeRuntime.runMain)

// Prints:
// { plan: 'pro' }
// stored names: 43 and 43 characters
// cleared: 1
