/**
 * EffectStore: uses any `KeyValueStore` of Effect (such as the browser's `localStorage`) as a store, and any stack of
 * effect-kv as a `KeyValueStore`.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { KeyValueStore } from "effect/persistence"
import { KeyValue, Memory, TtlClamp } from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"

// In a browser: KeyValueStore.layerStorage(() => localStorage)
const Storage = KeyValueStore.layerMemory
const OverStorage = EffectStore.layer().pipe(Layer.provideMerge(Storage))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
  const storage = yield* KeyValueStore.KeyValueStore
  yield* Console.log("in Effect's store:", yield* storage.get("users::alice"))
})

/** Code that needs Effect's service can use every wrapper of a stack. */
const effectProgram = Effect.gen(function* () {
  const storage = yield* KeyValueStore.KeyValueStore
  yield* storage.set("greeting", "hello")
  yield* Console.log("through a stack:", yield* storage.get("greeting"))
})

const Stack = EffectStore.toKeyValueStore().pipe(
  Layer.provide(Memory.layer({ maxEntries: 1000 }).pipe(TtlClamp.wrap({ missingTtl: "1 hour" })))
)

const main = Effect.gen(function* () {
  yield* Effect.provide(program, OverStorage)
  yield* Effect.provide(effectProgram, Stack)
})

main.pipe(NodeRuntime.runMain)

// Prints:
// in Effect's store: {"collection":"users","created_at":"…","expires_at":"…","key":"alice","value":{"name":"Alice"},"version":1}
// through a stack: hello
