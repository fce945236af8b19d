/**
 * EffectStore: any `KeyValueStore` of Effect's as a store, such as the browser's `localStorage`; and our stacks as a
 * `KeyValueStore`.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { KeyValueStore } from "effect/persistence"
import { KeyValue, Memory, TtlClamp } from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"

// In a browser: KeyValueStore.layerStorage(() => localStorage)
const Theirs = KeyValueStore.layerMemory
const Ours = EffectStore.layer().pipe(Layer.provideMerge(Theirs))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
  const storage = yield* KeyValueStore.KeyValueStore
  yield* Console.log("in their store:", yield* storage.get("users::alice"))
})

/** What needs Effect's service gets all that a stack of ours does. */
const theirProgram = Effect.gen(function* () {
  const storage = yield* KeyValueStore.KeyValueStore
  yield* storage.set("greeting", "hello")
  yield* Console.log("by way of ours:", yield* storage.get("greeting"))
})

const Stack = EffectStore.toKeyValueStore().pipe(
  Layer.provide(Memory.layer({ maxEntries: 1000 }).pipe(TtlClamp.wrap({ missingTtl: "1 hour" })))
)

const main = Effect.gen(function* () {
  yield* Effect.provide(program, Ours)
  yield* Effect.provide(theirProgram, Stack)
})

main.pipe(NodeRuntime.runMain)

// Prints:
// in their store: {"collection":"users","created_at":"…","expires_at":"…","key":"alice","value":{"name":"Alice"},"version":1}
// by way of ours: hello
