/** EffectStore.toKeyValueStore, which offers an effect-kv store as Effect's KeyValueStore. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { KeyValueStore, layerMemory, toSchemaStore } from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { KeyValue } from "../../../src/KeyValue.ts"
import * as EffectStore from "../../../src/stores/EffectStore.ts"
import * as Memory from "../../../src/stores/Memory.ts"

const onMemory = EffectStore.toKeyValueStore().pipe(Layer.provideMerge(Memory.layer()))

/** A store without `Atomic`. */
const onEffectStore = EffectStore.toKeyValueStore().pipe(
  Layer.provideMerge(EffectStore.layer()),
  Layer.provide(layerMemory)
)

for (const [name, layer] of [
  ["on a store with Atomic", onMemory],
  ["on a store without Atomic", onEffectStore]
] as const) {
  describe(name, () => {
    it.effect.prop("returns text and bytes as they were set", [Schema.String, Schema.Uint8Array], ([text, bytes]) =>
      Effect.gen(function* () {
        const store = yield* KeyValueStore
        yield* store.set("text", text)
        yield* store.set("bytes", bytes)
        assert.strictEqual(yield* store.get("text"), text)
        assert.deepStrictEqual(yield* store.getUint8Array("bytes"), new Uint8Array(bytes))
      }).pipe(Effect.provide(layer, { local: true }))
    )

    it.effect("does not guess the type of a value from its content", () =>
      Effect.gen(function* () {
        const store = yield* KeyValueStore
        yield* store.set("text", "abcd")
        assert.deepStrictEqual(yield* store.getUint8Array("text"), new TextEncoder().encode("abcd"))
        yield* store.set("bytes", new Uint8Array([105, 183, 29]))
        assert.strictEqual(yield* store.get("bytes"), "abcd")
      }).pipe(Effect.provide(layer))
    )

    it.effect("returns undefined for a missing key, but not for an empty text", () =>
      Effect.gen(function* () {
        const store = yield* KeyValueStore
        assert.strictEqual(yield* store.get("a"), undefined)
        assert.strictEqual(yield* store.getUint8Array("a"), undefined)
        assert.strictEqual(yield* store.has("a"), false)
        yield* store.set("a", "")
        assert.strictEqual(yield* store.get("a"), "")
        assert.strictEqual(yield* store.has("a"), true)
        yield* store.remove("a")
        assert.strictEqual(yield* store.has("a"), false)
      }).pipe(Effect.provide(layer))
    )

    it.effect("lists, counts and clears its own collection", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const store = yield* KeyValueStore
        yield* kv.put("other", 1, { collection: "other" })
        assert.strictEqual(yield* store.isEmpty, true)
        for (const key of ["a1", "a2", "b1", ""]) yield* store.set(key, key)
        assert.deepStrictEqual([...(yield* store.keys)].sort(), ["", "a1", "a2", "b1"])
        assert.strictEqual(yield* store.size, 4)
        assert.strictEqual(yield* store.isEmpty, false)
        yield* store.clearPrefix("a")
        assert.deepStrictEqual([...(yield* store.keys)].sort(), ["", "b1"])
        yield* store.clear
        assert.strictEqual(yield* store.size, 0)
        assert.strictEqual(yield* kv.get("other", { collection: "other" }), 1)
      }).pipe(Effect.provide(layer))
    )

    it.effect("loses no concurrent modification", () =>
      Effect.gen(function* () {
        const store = yield* KeyValueStore
        yield* store.set("count", "0")
        const increment = Effect.andThen(
          Effect.yieldNow,
          store.modify("count", (value) => String(Number(value) + 1))
        )
        yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 20 }, () => increment),
            { concurrency: "unbounded" }
          )
        ).pipe(
          Effect.tap(() => TestClock.adjust("10 seconds")),
          Effect.flatMap((fiber) => Effect.asVoid(Effect.suspend(() => fiber.pollUnsafe() ?? Effect.die("not done"))))
        )
        assert.strictEqual(yield* store.get("count"), "20")
      }).pipe(Effect.provide(layer))
    )

    it.effect("modifies bytes as bytes, and does not create missing keys", () =>
      Effect.gen(function* () {
        const store = yield* KeyValueStore
        yield* store.set("bytes", new Uint8Array([1]))
        const doubled = yield* store.modifyUint8Array("bytes", (bytes) => new Uint8Array([...bytes, ...bytes]))
        assert.deepStrictEqual(doubled, new Uint8Array([1, 1]))
        assert.deepStrictEqual(yield* store.getUint8Array("bytes"), doubled)
        assert.strictEqual(yield* store.modify("missing", () => "there"), undefined)
        assert.strictEqual(yield* store.has("missing"), false)
      }).pipe(Effect.provide(layer))
    )

    it.effect("fails with KeyValueStoreError for a value that is neither text nor bytes", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const store = yield* KeyValueStore
        yield* kv.put("json", { a: 1 })
        for (const error of [
          yield* Effect.flip(store.get("json")),
          yield* Effect.flip(store.getUint8Array("json")),
          yield* Effect.flip(store.modify("json", () => ""))
        ]) {
          assert.strictEqual(error._tag, "KeyValueStoreError")
          assert.strictEqual(error.key, "json")
        }
        assert.deepStrictEqual(yield* kv.get("json"), { a: 1 })
      }).pipe(Effect.provide(layer))
    )

    it.effect("keeps the value and its expiry when a modification fails", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const store = yield* KeyValueStore
        for (const value of [{ a: 1 }, 1, null, ["text"]]) {
          yield* kv.put("json", value, { ttl: "1 minute" })
          const before = yield* kv.ttl("json")
          yield* Effect.flip(store.modify("json", (text) => `${text}!`))
          yield* Effect.flip(store.modifyUint8Array("json", (bytes) => bytes))
          assert.deepStrictEqual(yield* kv.ttl("json"), before)
        }
        yield* kv.put("text", "text", { ttl: "1 minute" })
        const thrown = yield* Effect.exit(store.modify("text", () => assert.fail("by the caller")))
        assert.isTrue(Exit.isFailure(thrown))
        const error = yield* Effect.flip(store.modify("text", () => 1n as unknown as string))
        assert.strictEqual((error.cause as { readonly _tag: string })._tag, "SerializationError")
        assert.deepStrictEqual(yield* kv.ttl("text"), { value: "text", ttl: Duration.minutes(1) })
      }).pipe(Effect.provide(layer))
    )

    it.effect("keeps the expiry of an entry that is modified", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const store = yield* KeyValueStore
        yield* kv.put("text", "a", { ttl: "1 minute" })
        yield* TestClock.adjust("20 seconds")
        assert.strictEqual(yield* store.modify("text", (text) => `${text}!`), "a!")
        assert.deepStrictEqual(yield* kv.ttl("text"), { value: "a!", ttl: Duration.seconds(40) })
      }).pipe(Effect.provide(layer))
    )

    it.effect("fails with KeyValueStoreError whose cause is the KeyValueError", () =>
      Effect.gen(function* () {
        const store = yield* KeyValueStore
        for (const error of [
          yield* Effect.flip(store.get("\ud800")),
          yield* Effect.flip(store.set("\ud800", "")),
          yield* Effect.flip(store.remove("\ud800")),
          yield* Effect.flip(store.modify("\ud800", () => ""))
        ]) {
          assert.strictEqual((error.cause as { readonly _tag: string })._tag, "InvalidKeyError")
          assert.strictEqual(error.key, "\ud800")
        }
      }).pipe(Effect.provide(layer))
    )

    it.effect("works with Effect's SchemaStore", () =>
      Effect.gen(function* () {
        const users = toSchemaStore(yield* KeyValueStore, Schema.Struct({ since: Schema.Date }))
        yield* users.set("alice", { since: new Date(0) })
        assert.deepStrictEqual(yield* users.get("alice"), yield* Effect.map(users.get("alice"), (user) => user))
        assert.include(JSON.stringify(yield* users.get("alice")), "1970-01-01")
      }).pipe(Effect.provide(layer))
    )
  })
}

describe("options", () => {
  it.effect("uses the given collection, and gives the TTL to each write", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const store = yield* KeyValueStore
      yield* store.set("a", "text")
      assert.strictEqual(yield* kv.get("a", { collection: "texts" }), "text")
      yield* TestClock.adjust("30 seconds")
      yield* store.modify("a", (text) => text.toUpperCase())
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* store.get("a"), "TEXT")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* store.get("a"), undefined)
    }).pipe(
      Effect.provide(
        EffectStore.toKeyValueStore({ collection: "texts", ttl: "1 minute" }).pipe(Layer.provideMerge(Memory.layer()))
      )
    )
  )

  it.effect("fails with StoreSetupError for a TTL that is not valid", () =>
    Effect.gen(function* () {
      const layer = EffectStore.toKeyValueStore({ ttl: 0 }).pipe(Layer.provide(Memory.layer()))
      assert.strictEqual((yield* Effect.flip(Layer.build(layer)))._tag, "StoreSetupError")
    }).pipe(Effect.scoped)
  )
})
