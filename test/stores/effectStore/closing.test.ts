/** EffectStore's adapters after their layer was closed, and their writes during a load of the same key. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Persistence from "effect/persistence/Persistence"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Scope from "effect/Scope"
import { Driver, KeyValue, Memory } from "../../../src/index.ts"
import * as EffectStore from "../../../src/stores/EffectStore.ts"

const adapters = Layer.mergeAll(
  EffectStore.toKeyValueStore(),
  EffectStore.toBackingPersistence(),
  EffectStore.toRateLimiterStore()
)

type Adapters = KeyValueStore.KeyValueStore | Persistence.BackingPersistence | RateLimiter.RateLimiterStore

const inPersistence = <A, E>(use: (store: Persistence.BackingPersistenceStore) => Effect.Effect<A, E>) =>
  Persistence.BackingPersistence.use((it) => Effect.flatMap(Effect.scoped(it.make("s")), use))

const operations: Readonly<Record<string, Effect.Effect<unknown, unknown, Adapters>>> = {
  "KeyValueStore.get": KeyValueStore.KeyValueStore.use((it) => it.get("k")),
  "KeyValueStore.set": KeyValueStore.KeyValueStore.use((it) => it.set("k", "v")),
  "KeyValueStore.modify": KeyValueStore.KeyValueStore.use((it) => it.modify("k", () => "v")),
  "KeyValueStore.remove": KeyValueStore.KeyValueStore.use((it) => it.remove("k")),
  "KeyValueStore.clear": KeyValueStore.KeyValueStore.use((it) => it.clear),
  "KeyValueStore.size": KeyValueStore.KeyValueStore.use((it) => it.size),
  "BackingPersistence.get": inPersistence((it) => it.get("k")),
  "BackingPersistence.set": inPersistence((it) => it.set("k", {}, undefined)),
  "BackingPersistence.setMany": inPersistence((it) => it.setMany([["k", {}, undefined]])),
  "BackingPersistence.remove": inPersistence((it) => it.remove("k")),
  "BackingPersistence.clear": inPersistence((it) => it.clear),
  "RateLimiterStore.fixedWindow": RateLimiter.RateLimiterStore.use((it) =>
    it.fixedWindow({ key: "k", tokens: 1, limit: 2, refillRate: Duration.seconds(1) })
  )
}

describe("an adapter over a closed layer", () => {
  for (const [name, operation] of Object.entries(operations)) {
    it.effect(`fails ${name} without calling the store`, () =>
      Effect.gen(function* () {
        let calls = 0
        const counted = Driver.wrapper(
          Driver.around((call, next) => {
            calls++
            return next(call)
          })
        )
        const scope = yield* Scope.make()
        const layer = adapters.pipe(Layer.provide(Memory.layer().pipe(counted)))
        const context = yield* Layer.buildWithScope(layer, scope)
        yield* Scope.close(scope, Exit.void)
        const error = yield* Effect.flip(Effect.provide(operation, context))
        assert.include(String((error as Error).message), "the layer is closed")
        assert.strictEqual(calls, 0)
      })
    )
  }
})

describe("a write through an adapter", () => {
  it.effect("is kept when a load of the same key began before it and ends after it", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const collection = "effect_persistence_s"
      const write = inPersistence((it) => it.set("k", { by: "set" }, undefined))
      const load = Effect.as(write, { by: "load" })
      yield* kv.getOrSet("k", load, { collection })
      assert.deepStrictEqual(yield* kv.get("k", { collection }), { by: "set" })
    }).pipe(
      Effect.provide(
        EffectStore.toBackingPersistence().pipe(
          Layer.provideMerge(Memory.layer().pipe(Driver.wrapper((driver) => ({ ...driver, atomic: undefined }))))
        )
      )
    )
  )
})
