/**
 * Tests `Rotation.rotate`: which entries it re-encrypts, how it meets concurrent writers, and how it is stopped and
 * resumed.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  Aead,
  type Atomic,
  Compression,
  Driver,
  type Enumeration,
  FernetEncryption,
  KeyValue,
  PrefixCollections,
  Rotation,
  type Value
} from "../src/index.ts"
import { faulty, script } from "./support/faults.ts"
import { type Inner, memory, plant, stored } from "./support/inspect.ts"

const K1 = Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
const K2 = Redacted.make("ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM=")

type Store = Layer.Layer<KeyValue.KeyValue | Enumeration.Enumeration | Atomic.Atomic | Inner>

const all = Effect.fnUntraced(function* (options?: Rotation.Options) {
  const progress = yield* Stream.runCollect(Rotation.rotate(options))
  const sum = (of: (it: Rotation.Progress) => number) => progress.reduce((total, it) => total + of(it), 0)
  return {
    rotated: sum((it) => it.rotated),
    current: sum((it) => it.current),
    gone: sum((it) => it.gone),
    failed: progress.flatMap((it) => it.failed)
  }
})

const put = (key: string, value: Value.Value, options?: KeyValue.PutOptions) =>
  KeyValue.KeyValue.use((kv) => kv.put(key, value, options))
const get = (key: string, options?: KeyValue.InCollection) => KeyValue.KeyValue.use((kv) => kv.get(key, options))

/** The same store with the old key, with the new key in front of the old one, and with the new key only. */
const rings = {
  "Fernet, json": ring((keys, base) => base.pipe(FernetEncryption.wrap({ keys }))),
  "Fernet, binary": ring((keys, base) => base.pipe(FernetEncryption.wrap({ keys, envelope: "binary" }))),
  Aead: ring((keys, base) =>
    base.pipe(
      Aead.wrap({
        keys: keys.map((key) => ({ id: key === K1 ? "1" : "2", key })) as unknown as Aead.Options["keys"]
      })
    )
  ),
  "Aead below other wrappers": ring((keys, base) =>
    base.pipe(
      Aead.wrap({
        keys: keys.map((key) => ({ id: key === K1 ? "1" : "2", key })) as unknown as Aead.Options["keys"],
        algorithm: "xchacha20-poly1305"
      }),
      Compression.wrap({ minSize: 10 }),
      PrefixCollections.wrap("tenant")
    )
  )
}

function ring(
  wrap: (keys: readonly [Redacted.Redacted, ...Array<Redacted.Redacted>], base: Store) => Layer.Layer<any, any>
) {
  return () => {
    const base: Store = memory() as Store
    const at = (...keys: readonly [Redacted.Redacted, ...Array<Redacted.Redacted>]) => wrap(keys, base) as Store
    return { base, before: at(K1), during: at(K2, K1), after: at(K2) }
  }
}

for (const [name, make] of Object.entries(rings)) {
  describe(`Rotation.rotate with ${name}`, () => {
    it.effect("re-encrypts only the entries under an old key", () => {
      const { base, before, during, after } = make()
      return Effect.gen(function* () {
        for (let i = 0; i < 250; i++) yield* Effect.provide(put(`k${i}`, i, { collection: `c${i % 3}` }), before)
        yield* Effect.provide(put("new", { n: 1 }), during)
        assert.deepStrictEqual(yield* Effect.provide(all(), during), { rotated: 250, current: 1, gone: 0, failed: [] })
        for (let i = 0; i < 250; i++) {
          assert.strictEqual(yield* Effect.provide(get(`k${i}`, { collection: `c${i % 3}` }), after), i)
        }
        assert.deepStrictEqual(yield* Effect.provide(get("new"), after), { n: 1 })
        assert.deepStrictEqual(yield* Effect.provide(all(), during), { rotated: 0, current: 251, gone: 0, failed: [] })
      }).pipe(Effect.provide(base))
    })

    it.effect("keeps the time of writing and the expiry", () => {
      const { base, before, during, after } = make()
      return Effect.gen(function* () {
        yield* TestClock.setTime(1_000_000)
        yield* Effect.provide(put("k", "value", { ttl: "10 minutes" }), before)
        yield* Effect.provide(put("eternal", "value"), before)
        yield* TestClock.adjust("4 minutes")
        assert.strictEqual((yield* Effect.provide(all(), during)).rotated, 2)
        const read = KeyValue.KeyValue.use((kv) => Effect.all({ ttl: kv.ttl("k"), eternal: kv.ttl("eternal") }))
        const found = yield* Effect.provide(read, after)
        assert.deepStrictEqual(found.ttl, { value: "value", ttl: Duration.minutes(6) })
        assert.deepStrictEqual(found.eternal, { value: "value", ttl: undefined })
        const entries = KeyValue.KeyValue.use(({ driver }) =>
          driver.get({
            _tag: "get",
            place: { operation: "get", collection: driver.defaultCollection, keys: ["k"] },
            deadline: undefined,
            collection: driver.defaultCollection,
            keys: ["k"],
            expiry: true,
            versioned: false
          })
        )
        assert.strictEqual((yield* Effect.provide(entries, after))[0]?.createdAt, 1_000_000)
        yield* TestClock.adjust("6 minutes")
        assert.isUndefined(yield* Effect.provide(get("k"), after))
      }).pipe(Effect.provide(base))
    })
  })
}

describe("Rotation.rotate", () => {
  it.effect(
    "never overwrites a concurrent write with the older value, and rotates an entry written with the old key meanwhile",
    () => {
      const base = memory() as Store
      const at = (...keys: FernetEncryption.Options["keys"] & {}) => base.pipe(FernetEncryption.wrap({ keys }))
      return Effect.gen(function* () {
        const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
        for (const key of keys) yield* Effect.provide(put(key, "old"), at(K1))
        // Another writer comes between the first read and the first write of each entry.
        const late = new Set<string>()
        const raced = at(K2, K1).pipe(
          Driver.wrapper((driver) => ({
            ...driver,
            atomic: {
              compareAndPut: (call) =>
                Effect.suspend(() => {
                  const key = call.keys[0]!
                  if (late.has(key)) return driver.atomic!.compareAndPut(call)
                  late.add(key)
                  const writer = Number(key.slice(1)) % 2 === 0 ? at(K1) : at(K2)
                  return Effect.andThen(
                    Effect.orDie(Effect.provide(put(key, "newer"), writer)),
                    driver.atomic!.compareAndPut(call)
                  )
                })
            }
          }))
        ) as Store
        const found = yield* Effect.forkChild(Effect.provide(all(), raced))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* Fiber.join(found), { rotated: 10, current: 10, gone: 0, failed: [] })
        for (const key of keys) assert.strictEqual(yield* Effect.provide(get(key), at(K2)), "newer")
      }).pipe(Effect.provide(base))
    }
  )

  it.effect("does not restore an entry that is deleted meanwhile", () => {
    const base = memory() as Store
    const at = (...keys: FernetEncryption.Options["keys"] & {}) => base.pipe(FernetEncryption.wrap({ keys }))
    return Effect.gen(function* () {
      yield* Effect.provide(put("k", "old"), at(K1))
      const deleted = at(K2, K1).pipe(
        Driver.wrapper((driver) => ({
          ...driver,
          atomic: {
            compareAndPut: (call) =>
              Effect.andThen(
                driver.delete(Driver.toDelete(call)),
                Effect.suspend(() => driver.atomic!.compareAndPut(call))
              )
          }
        }))
      ) as Store
      const found = yield* Effect.forkChild(Effect.provide(all(), deleted))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(found), { rotated: 0, current: 0, gone: 1, failed: [] })
      assert.isUndefined(yield* stored("k"))
    }).pipe(Effect.provide(base))
  })

  it.effect("can be stopped and started again", () => {
    const base = memory() as Store
    const at = (...keys: FernetEncryption.Options["keys"] & {}) => base.pipe(FernetEncryption.wrap({ keys }))
    return Effect.gen(function* () {
      for (let i = 0; i < 100; i++) yield* Effect.provide(put(`k${i}`, i), at(K1))
      const some = Rotation.rotate({ chunkSize: 10 }).pipe(Stream.take(3), Stream.runCollect)
      const first = yield* Effect.provide(some, at(K2, K1))
      assert.deepStrictEqual(
        first.map(({ collection, rotated }) => [collection, rotated]),
        Array.from({ length: 3 }, () => ["default_collection", 10])
      )
      // Interrupt it in the middle of a write and of a chunk.
      const reached = yield* Deferred.make<void>()
      let writes = 0
      const stuck = at(K2, K1).pipe(
        Driver.wrapper((driver) => ({
          ...driver,
          atomic: {
            compareAndPut: (call) =>
              Effect.suspend(() =>
                ++writes > 25
                  ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
                  : driver.atomic!.compareAndPut(call)
              )
          }
        }))
      ) as Store
      const fiber = yield* Effect.forkChild(Effect.provide(all(), stuck))
      yield* Deferred.await(reached)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* Effect.provide(all(), at(K2, K1)), {
        rotated: 45,
        current: 55,
        gone: 0,
        failed: []
      })
      for (let i = 0; i < 100; i++) assert.strictEqual(yield* Effect.provide(get(`k${i}`), at(K2)), i)
    }).pipe(Effect.provide(base))
  })

  it.effect("rotates only the collections in its options", () => {
    const base = memory() as Store
    const at = (...keys: FernetEncryption.Options["keys"] & {}) => base.pipe(FernetEncryption.wrap({ keys }))
    return Effect.gen(function* () {
      for (const collection of ["a", "b", "c"]) yield* Effect.provide(put("k", 1, { collection }), at(K1))
      const result = yield* Effect.provide(all({ collections: ["a", "c", "none"] }), at(K2, K1))
      assert.strictEqual(result.rotated, 2)
      assert.strictEqual((yield* Effect.provide(all(), at(K2, K1))).rotated, 1)
    }).pipe(Effect.provide(base))
  })

  it.effect("completes a move to another envelope, and encrypts plaintext", () => {
    const base = memory() as Store
    const fernet = (options: Partial<FernetEncryption.Options>) =>
      base.pipe(FernetEncryption.wrap({ keys: [K1], ...options } as FernetEncryption.Options))
    return Effect.gen(function* () {
      yield* Effect.provide(put("json", 1), fernet({}))
      yield* Effect.provide(put("binary", 2), fernet({ envelope: "binary" }))
      yield* plant("plain", 3)
      const all_ = yield* Effect.provide(all(), fernet({ envelope: "binary", allowPlaintext: true }))
      assert.deepStrictEqual(all_, { rotated: 2, current: 1, gone: 0, failed: [] })
      for (const key of ["json", "binary", "plain"]) assert.instanceOf(yield* stored(key), Uint8Array)
      assert.strictEqual(yield* Effect.provide(get("plain"), fernet({})), 3)
    }).pipe(Effect.provide(base))
  })

  it.effect("continues after an entry that it cannot read, leaves the entry alone, and reports it", () => {
    const base = memory() as Store
    const at = (...keys: FernetEncryption.Options["keys"] & {}) => base.pipe(FernetEncryption.wrap({ keys }))
    return Effect.gen(function* () {
      yield* Effect.provide(put("a", 1), at(K1))
      yield* plant("broken", { __encrypted_data__: "?", __encryption_version__: 1 })
      yield* plant("plain", "text")
      yield* Effect.provide(put("z", 2), at(K1))
      const { failed, ...counts } = yield* Effect.provide(all(), at(K2, K1))
      assert.deepStrictEqual(counts, { rotated: 2, current: 0, gone: 0 })
      assert.deepStrictEqual(
        failed
          .map((error) => [error.operation, error.keys[0], error._tag === "DecryptionError" && error.reason])
          .sort(),
        [
          ["rotate", "broken", "corrupted"],
          ["rotate", "plain", "not-encrypted"]
        ]
      )
      assert.strictEqual(yield* stored("plain"), "text")
    }).pipe(Effect.provide(base))
  })

  it.effect("fails when the store fails", () => {
    const base = memory() as Store
    const plan = script()
    const at = (...keys: FernetEncryption.Options["keys"] & {}) =>
      base.pipe(faulty(plan), FernetEncryption.wrap({ keys })) as Store
    return Effect.gen(function* () {
      yield* Effect.provide(put("a", 1), at(K1))
      plan.steps = ["ok", "ok", "ok", "unavailable"]
      const error = yield* Effect.flip(Effect.provide(all(), at(K2, K1)))
      assert.deepStrictEqual([error._tag, "operation" in error && error.operation], ["StoreUnavailableError", "rotate"])
      assert.strictEqual((yield* Effect.provide(all(), at(K2, K1))).rotated, 1)
    }).pipe(Effect.provide(base))
  })
})

it.effect("rotates every entry for any chunkSize and concurrency", () =>
  Effect.gen(function* () {
    const counts = [Number.POSITIVE_INFINITY, 1e20, 2.5, 0.5, 0, -1, Number.NaN]
    for (const count of counts) {
      const { rotated } = yield* Effect.gen(function* () {
        for (const key of ["a", "b", "c", "d", "e"]) yield* plant(key, key)
        return yield* all({ chunkSize: count, concurrency: count })
      }).pipe(
        Effect.provide(memory().pipe(FernetEncryption.wrap({ keys: [K1], allowPlaintext: true })), { local: true })
      )
      assert.strictEqual(rotated, 5, `${count}`)
    }
    const sizes = yield* Effect.gen(function* () {
      for (const key of ["a", "b", "c", "d", "e"]) yield* plant(key, key)
      const progress = yield* Stream.runCollect(Rotation.rotate({ chunkSize: 2.5 }))
      return progress.map(({ rotated }) => rotated)
    }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys: [K1], allowPlaintext: true })), { local: true }))
    assert.deepStrictEqual(sizes, [2, 2, 1])
    const error = yield* Effect.flip(
      Effect.provide(all({ collections: ["\ud83d"] }), memory().pipe(FernetEncryption.wrap({ keys: [K1] })))
    )
    assert.strictEqual(error._tag, "InvalidKeyError")
  })
)

it.effect("fails when its layer is closed while it runs", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const layer = memory().pipe(
      Layer.tap((context) => Effect.forEach(["a", "b"], (key) => Effect.provide(plant(key, key), context))),
      FernetEncryption.wrap({ keys: [K1], allowPlaintext: true })
    )
    const context = yield* Layer.buildWithScope(layer, scope)
    const rotation = Stream.runForEach(Rotation.rotate({ chunkSize: 1 }), () => Scope.close(scope, Exit.void))
    const error = yield* Effect.flip(Effect.provide(rotation, context))
    assert.strictEqual(error._tag, "StoreUnavailableError")
  })
)
