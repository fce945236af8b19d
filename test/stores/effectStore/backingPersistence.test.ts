/** EffectStore.toBackingPersistence, which gives Effect's Persistence and PersistedCache an effect-kv store. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Persistable from "effect/persistence/Persistable"
import * as PersistedCache from "effect/persistence/PersistedCache"
import * as Persistence from "effect/persistence/Persistence"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { wrapper } from "../../../src/Driver.ts"
import { around } from "../../../src/driver/around.ts"
import type * as Call from "../../../src/driver/Call.ts"
import { KeyValue } from "../../../src/KeyValue.ts"
import * as EffectStore from "../../../src/stores/EffectStore.ts"
import * as Memory from "../../../src/stores/Memory.ts"

const backing = EffectStore.toBackingPersistence().pipe(Layer.provideMerge(Memory.layer()))
const persistence = Persistence.layer.pipe(Layer.provideMerge(backing))

class User extends Persistable.Class<{ payload: { readonly id: string } }>()("User", {
  primaryKey: ({ id }) => id,
  success: Schema.Struct({ name: Schema.String, since: Schema.Date, nickname: Schema.optional(Schema.String) }),
  error: Schema.Literal("not found")
}) {}

class Nothing extends Persistable.Class<{ payload: { readonly id: string } }>()("Nothing", {
  primaryKey: ({ id }) => id
}) {}

const alice = { name: "Alice", since: new Date(0) }

describe("PersistedCache", () => {
  const makeCache = (lookups: Array<string>) =>
    PersistedCache.make(
      (user: User) =>
        Effect.suspend(() => {
          lookups.push(user.id)
          return user.id === "alice" ? Effect.succeed(alice) : Effect.fail("not found" as const)
        }),
      { storeId: "users", timeToLive: () => "1 minute", inMemoryTTL: () => Duration.zero }
    )

  it.effect("keeps successes and failures until their TTL ends", () =>
    Effect.gen(function* () {
      const lookups: Array<string> = []
      const cache = yield* makeCache(lookups)
      for (let i = 0; i < 2; i++) {
        assert.deepStrictEqual(yield* cache.get(new User({ id: "alice" })), alice)
        assert.strictEqual(yield* Effect.flip(cache.get(new User({ id: "bob" }))), "not found")
        yield* TestClock.adjust("59 seconds")
      }
      assert.deepStrictEqual(lookups, ["alice", "bob"])
      yield* TestClock.adjust("1 second")
      yield* cache.get(new User({ id: "alice" }))
      assert.deepStrictEqual(lookups, ["alice", "bob", "alice"])
      yield* cache.invalidate(new User({ id: "alice" }))
      yield* cache.get(new User({ id: "alice" }))
      assert.strictEqual(lookups.length, 4)
    }).pipe(Effect.scoped, Effect.provide(persistence))
  )

  it.effect("finds the results of another cache on the same store", () =>
    Effect.gen(function* () {
      const lookups: Array<string> = []
      yield* (yield* makeCache(lookups)).get(new User({ id: "alice" }))
      yield* (yield* makeCache(lookups)).get(new User({ id: "alice" }))
      assert.deepStrictEqual(lookups, ["alice"])
    }).pipe(Effect.scoped, Effect.provide(persistence))
  )
})

describe("Persistence", () => {
  it.effect("keeps each store in its own collection, so that clearing one leaves the others", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const make = (storeId: string) => Effect.flatMap(Persistence.Persistence, ({ make }) => make({ storeId }))
      const [one, other] = [yield* make("one"), yield* make("")]
      for (const store of [one, other]) yield* store.set(new User({ id: "alice" }), Exit.succeed(alice))
      yield* kv.put("alice", "mine")
      yield* kv.put("alice", "mine", { collection: "one" })
      assert.isDefined(yield* kv.get("alice", { collection: "effect_persistence_one" }))
      yield* one.clear
      assert.strictEqual(yield* one.get(new User({ id: "alice" })), undefined)
      assert.deepStrictEqual(yield* other.get(new User({ id: "alice" })), Exit.succeed(alice))
      assert.strictEqual(yield* kv.get("alice", { collection: "one" }), "mine")
      assert.strictEqual(yield* kv.get("alice"), "mine")
    }).pipe(Effect.scoped, Effect.provide(persistence))
  )

  it.effect("stores an exit without a value", () =>
    Effect.gen(function* () {
      const store = yield* (yield* Persistence.Persistence).make({ storeId: "s" })
      yield* store.set(new Nothing({ id: "a" }), Exit.void)
      assert.deepStrictEqual(yield* store.get(new Nothing({ id: "a" })), Exit.void)
    }).pipe(Effect.scoped, Effect.provide(persistence))
  )

  it.effect("writes several entries with different TTLs in one call", () => {
    const calls: Array<Call.Call> = []
    const recorded = Memory.layer().pipe(
      wrapper(
        around((call, next) =>
          Effect.suspend(() => {
            calls.push(call)
            return next(call)
          })
        )
      )
    )
    return Effect.gen(function* () {
      const store = yield* (yield* Persistence.Persistence).make({
        storeId: "s",
        timeToLive: (_, key) => ((key as User).id === "short" ? "0.5 millis" : "1 minute")
      })
      const users = [new User({ id: "short" }), new User({ id: "long" })] as const
      yield* store.setMany(users.map((user) => [user, Exit.succeed(alice)]))
      assert.deepStrictEqual(
        calls.map(({ _tag, place }) => [_tag, place.operation]),
        [["put", "putMany"]]
      )
      assert.deepStrictEqual(yield* store.getMany(users), [Exit.succeed(alice), Exit.succeed(alice)])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* store.getMany(users), [undefined, Exit.succeed(alice)])
      assert.strictEqual(calls.length, 3)
    }).pipe(
      Effect.scoped,
      Effect.provide(Persistence.layer.pipe(Layer.provide(EffectStore.toBackingPersistence()), Layer.provide(recorded)))
    )
  })
})

describe("BackingPersistence", () => {
  it.effect("fails with PersistenceError whose cause is the KeyValueError", () =>
    Effect.gen(function* () {
      const store = yield* (yield* Persistence.BackingPersistence).make("s")
      const errors = [
        yield* Effect.flip(store.get("\ud800")),
        yield* Effect.flip(store.getMany(["\ud800"])),
        yield* Effect.flip(store.set("\ud800", {}, undefined)),
        yield* Effect.flip(store.setMany([["\ud800", {}, undefined]])),
        yield* Effect.flip(store.remove("\ud800"))
      ]
      for (const error of errors) {
        assert.strictEqual(error._tag, "PersistenceError")
        assert.strictEqual((error.cause as { readonly _tag: string })._tag, "InvalidKeyError")
      }
      const error = yield* Effect.flip(store.set("a", { f: () => {} }, undefined))
      assert.strictEqual((error.cause as { readonly _tag: string })._tag, "SerializationError")
    }).pipe(Effect.scoped, Effect.provide(backing))
  )

  it.effect("fails with PersistenceError, instead of a miss, when a stored value is not an object", () =>
    Effect.gen(function* () {
      const store = yield* (yield* Persistence.BackingPersistence).make("s")
      yield* (yield* KeyValue).put("a", "text", { collection: "p_s" })
      const error = yield* Effect.flip(store.get("a"))
      assert.strictEqual(error._tag, "PersistenceError")
      assert.strictEqual(error.message, "Expected the stored value to be an object, not a string")
      assert.strictEqual((yield* Effect.flip(store.getMany(["a", "b"])))._tag, "PersistenceError")
      assert.deepStrictEqual(yield* store.getMany(["b", "c"]), [undefined, undefined])
    }).pipe(
      Effect.scoped,
      Effect.provide(
        EffectStore.toBackingPersistence({ collectionPrefix: "p_" }).pipe(Layer.provideMerge(Memory.layer()))
      )
    )
  )
})
