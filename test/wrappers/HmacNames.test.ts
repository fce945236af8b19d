/** Tests that HmacNames stores HMACs in place of keys and collections. */
import { createHmac } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  Aead,
  Atomic,
  Enumeration,
  HmacNames,
  KeyValue,
  Maintenance,
  Memory,
  PrefixCollections,
  PrefixKeys,
  Replicate,
  Rotation,
  SingleCollection
} from "../../src/index.ts"
import { call } from "../driver/recording.ts"
import { faulty, script } from "../support/faults.ts"

const bytes = Buffer.from("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "hex")
const key = Redacted.make(bytes.toString("base64"))
const otherKey = Redacted.make("ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM=")

/** A store that several layers share, and what it holds. */
const shared = Effect.map(Layer.build(Memory.layer()), (context) => ({
  base: Layer.succeedContext(context),
  names: Effect.gen(function* () {
    const { collections, keys } = Context.get(context, Enumeration.Enumeration)
    const all: Record<string, ReadonlyArray<string>> = {}
    for (const collection of yield* Stream.runCollect(collections())) {
      all[collection] = yield* Stream.runCollect(keys({ collection }))
    }
    return all
  })
}))

const users = { collection: "users" }

describe("HmacNames", () => {
  it.effect("stores HMACs of keys and collections, and reads entries by their own names", () =>
    Effect.gen(function* () {
      const { base, names } = yield* shared
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const { putIfAbsent, update } = yield* Atomic.Atomic
        yield* kv.putMany(
          [
            ["alice@example.org", 1],
            ["é", 2]
          ],
          users
        )
        assert.isFalse(yield* putIfAbsent("é", 3, users))
        yield* update("é", (n) => Number(n) + 40, users)
        assert.deepStrictEqual(yield* kv.getMany(["é", "bob@example.org", "alice@example.org"], users), [
          42,
          undefined,
          1
        ])
        assert.isUndefined(yield* kv.get("é"))
      }).pipe(Effect.provide(base.pipe(HmacNames.wrap({ key }))))

      const hmac = (...parts: ReadonlyArray<Buffer>) =>
        createHmac("sha256", bytes).update(Buffer.concat(parts)).digest("base64url")
      const collection = Buffer.from("users")
      const ofKey = (name: string) => hmac(Buffer.from([2, 0, 0, 0, 5]), collection, Buffer.from(name))
      assert.deepStrictEqual(yield* names, {
        [hmac(Buffer.from([1]), collection)]: [ofKey("alice@example.org"), ofKey("é")]
      })
    })
  )

  it.effect("stores a key under a different name in each collection and with each secret", () =>
    Effect.gen(function* () {
      const { base, names } = yield* shared
      for (const secret of [key, otherKey]) {
        const put = KeyValue.KeyValue.use((kv) =>
          Effect.andThen(kv.put("a", 1, { collection: "b" }), kv.put("a", 1, { collection: "c" }))
        )
        yield* Effect.provide(put, base.pipe(HmacNames.wrap({ key: secret })))
      }
      const stored = yield* names
      assert.strictEqual(Object.keys(stored).length, 4)
      assert.strictEqual(new Set(Object.values(stored).flat()).size, 4)
    })
  )

  it.effect("does not confuse key bc in collection a with key c in collection ab", () =>
    Effect.gen(function* () {
      const { base, names } = yield* shared
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("bc", 1, { collection: "a" })
        assert.isUndefined(yield* kv.get("c", { collection: "ab" }))
        yield* kv.put("c", 2, { collection: "ab" })
      }).pipe(Effect.provide(base.pipe(HmacNames.wrap({ key, collections: false }))))
      const stored = yield* names
      assert.deepStrictEqual(Object.keys(stored), ["a", "ab"], "collections are not hidden")
      assert.notStrictEqual(stored.a![0], stored.ab![0])
    })
  )

  it.effect("clears one collection, clears all, and removes expired entries", () =>
    Effect.gen(function* () {
      const { base, names } = yield* shared
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const maintenance = yield* Maintenance.Maintenance
        yield* kv.put("a", 1, users)
        yield* kv.put("b", 1)
        yield* kv.put("c", 1, { ttl: "1 second" })
        assert.strictEqual(yield* maintenance.clearCollection(users), 1)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* maintenance.removeExpired, 1)
        assert.strictEqual(yield* maintenance.clear, 1)
        assert.deepStrictEqual(yield* names, {})
      }).pipe(Effect.provide(base.pipe(HmacNames.wrap({ key }))))
    })
  )

  it.effect("works outside of wrappers that rename keys and collections", () =>
    Effect.gen(function* () {
      const { base, names } = yield* shared
      const tenant = (name: string) =>
        base.pipe(
          SingleCollection.wrap("all"),
          PrefixCollections.wrap(name),
          PrefixKeys.wrap("p"),
          HmacNames.wrap({ key })
        )
      const put = KeyValue.KeyValue.use((kv) => kv.put("a", 1, users))
      yield* Effect.provide(put, tenant("one"))
      yield* Effect.provide(put, tenant("two"))
      const clear = Maintenance.Maintenance.use((it) => it.clear)
      assert.strictEqual(yield* Effect.provide(clear, tenant("one")), 1)
      assert.strictEqual((yield* names).all?.length, 1)
    })
  )

  const outside = {
    PrefixKeys: PrefixKeys.wrap("p"),
    PrefixCollections: PrefixCollections.wrap("p"),
    SingleCollection: SingleCollection.wrap("all")
  }
  for (const [name, wrap] of Object.entries(outside)) {
    it.effect(`fails to clear all with a StoreError inside of ${name}, and removes nothing`, () =>
      Effect.gen(function* () {
        const { base } = yield* shared
        const layer = wrap(base.pipe(HmacNames.wrap({ key })))
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const maintenance = yield* Maintenance.Maintenance
          yield* kv.put("a", 1)
          yield* kv.put("b", 1, { ttl: "1 second" })
          yield* TestClock.adjust("1 second")
          const error = yield* Effect.flip(maintenance.clear)
          assert.strictEqual(error._tag, "StoreError")
          assert.strictEqual("outcome" in error && error.outcome, "not-applied")
          assert.strictEqual(yield* maintenance.removeExpired, 0)
          const clearing = yield* Effect.exit(maintenance.clearCollection())
          assert.strictEqual(clearing._tag, name === "PrefixCollections" ? "Success" : "Failure")
          assert.strictEqual(yield* kv.get("a"), name === "PrefixCollections" ? undefined : 1)
        }).pipe(Effect.provide(layer))
      })
    )
  }

  it.effect("lets Rotation work inside of it, where names can be listed", () =>
    Effect.gen(function* () {
      const { base } = yield* shared
      const ring = [
        { id: "2", key: otherKey },
        { id: "1", key }
      ] as const
      const before = base.pipe(Aead.wrap({ keys: [ring[1]] }))
      const after = base.pipe(Aead.wrap({ keys: ring }))
      const hiding = HmacNames.wrap({ key })
      yield* Effect.provide(
        KeyValue.KeyValue.use((kv) => kv.put("a", 1, users)),
        hiding(before)
      )
      const [progress] = yield* Effect.provide(Stream.runCollect(Rotation.rotate()), after)
      assert.strictEqual(progress?.rotated, 1)
      const onlyNew = base.pipe(Aead.wrap({ keys: [ring[0]] }))
      assert.strictEqual(
        yield* Effect.provide(
          KeyValue.KeyValue.use((kv) => kv.get("a", users)),
          hiding(onlyNew)
        ),
        1
      )
    })
  )

  it.effect("offers no Maintenance inside of Replicate, and keeps it outside", () =>
    Effect.gen(function* () {
      const hide = HmacNames.wrap({ key })
      const inside = Memory.layer().pipe(hide, Replicate.wrap({ replicas: [Memory.layer().pipe(hide)] }))
      assert.isTrue(Option.isNone(Context.getOption(yield* Layer.build(inside), Maintenance.Maintenance)))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("a", 1, users)
        assert.strictEqual(yield* (yield* Maintenance.Maintenance).clearCollection(users), 1)
        assert.isUndefined(yield* kv.get("a", users))
      }).pipe(Effect.provide(Memory.layer().pipe(Replicate.wrap({ replicas: [Memory.layer()] }), hide)))
    })
  )

  it.effect("names the application's keys and collections in errors", () =>
    Effect.gen(function* () {
      const layer = Memory.layer().pipe(faulty({ ...script(), always: "refused" }), HmacNames.wrap({ key }))
      const error = yield* Effect.flip(
        Effect.provide(
          KeyValue.KeyValue.use((kv) => kv.put("a", 1, users)),
          layer
        )
      )
      assert.deepStrictEqual(error._tag === "StoreError" && [error.collection, error.keys], ["users", ["a"]])
    })
  )

  it.effect("lets other fibers run while it computes the names of a large batch", () =>
    Effect.gen(function* () {
      const layer = Memory.layer().pipe(HmacNames.wrap({ key }))
      const { driver } = yield* Effect.provide(KeyValue.KeyValue, layer)
      let turns = 0
      const others = yield* Effect.forkChild(
        Effect.forever(
          Effect.andThen(
            Effect.sync(() => turns++),
            Effect.yieldNow
          )
        )
      )
      yield* driver.get(call.get("c", ...Array.from({ length: 20_000 }, (_, i) => `k${i}`)))
      assert.isAtLeast(turns, 10)
      others.interruptUnsafe()
    })
  )
})
