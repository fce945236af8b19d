/**
 * EffectStore, a store over Effect's KeyValueStore: the contract, the stored strings, expiry, concurrency and errors.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { badArgument, systemError } from "effect/PlatformError"
import * as EffectKeyValueStore from "effect/persistence/KeyValueStore"
import * as Scheduler from "effect/Scheduler"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Enumeration } from "../../src/Enumeration.ts"
import { KeyValue } from "../../src/KeyValue.ts"
import { Maintenance } from "../../src/Maintenance.ts"
import * as EffectStore from "../../src/stores/EffectStore.ts"
import { contract } from "../contract/suite.ts"
import { likeTheModel } from "../properties/likeTheModel.ts"
import { fill } from "../support/fill.ts"
import { turnsOf } from "../support/turnsOf.ts"
import { fakeStorage } from "./effectStore/fakeStorage.ts"

const overMemory = EffectStore.layer().pipe(Layer.provideMerge(EffectKeyValueStore.layerMemory))
const overStorage = (maxLength?: number) =>
  EffectStore.layer().pipe(Layer.provideMerge(EffectKeyValueStore.layerStorage(() => fakeStorage(maxLength))))

/** A store over a backend with some methods replaced. */
const overBroken = (change: (store: EffectKeyValueStore.KeyValueStore) => Partial<EffectKeyValueStore.KeyValueStore>) =>
  EffectStore.layer().pipe(
    Layer.provideMerge(
      Layer.effect(
        EffectKeyValueStore.KeyValueStore,
        Effect.map(EffectKeyValueStore.KeyValueStore, (store) => ({ ...store, ...change(store) }))
      )
    ),
    Layer.provide(EffectKeyValueStore.layerMemory)
  )

const backend = EffectKeyValueStore.KeyValueStore

contract("the store contract, over memory", overMemory, { capabilities: ["Enumeration", "Maintenance"] })
contract("the store contract, over localStorage", overStorage(), { capabilities: ["Enumeration", "Maintenance"] })

describe("EffectStore and the model", () => {
  likeTheModel("behaves like the model over Effect's memory store", overMemory, 50)
  likeTheModel("behaves like the model over localStorage", overStorage(), 50)
})

describe("stored strings", () => {
  it.effect("stores one string per entry, which is readable JSON for a JSON value", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const store = yield* backend
      yield* kv.put("a:b", { x: "abcd" }, { collection: "c" })
      yield* kv.put("k", 1, { collection: "x::y%z" })
      assert.deepStrictEqual([...(yield* store.keys)].sort(), ["c::a:b", "x%3A%3Ay%25z::k"])
      assert.deepStrictEqual(JSON.parse((yield* store.get("c::a:b")) as string), {
        collection: "c",
        created_at: "1970-01-01T00:00:00+00:00",
        key: "a:b",
        value: { x: "abcd" },
        version: 1
      })
    }).pipe(Effect.provide(overStorage()))
  )

  it.effect("does not confuse text with bytes", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const values = ["abcd", "AAAA", "60tWAQ==", "{}", "", '{"value":1}', new Uint8Array(), new Uint8Array([123, 125])]
      for (const value of values) {
        yield* kv.put("key", value)
        assert.deepStrictEqual(yield* kv.get("key"), value)
      }
    }).pipe(Effect.provide(overStorage()))
  )

  it.effect("fails to read strings of other programs, and neither lists nor clears them", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const store = yield* backend
      const foreign = {
        theme: "dark",
        "c::text": "dark",
        "c::json": `{"value":1}`,
        "c::base64": "abcd",
        "a%41::x": `{"collection":"aA","key":"x","value":1}`
      }
      for (const [name, value] of Object.entries(foreign)) yield* store.set(name, value)
      yield* kv.put("mine", 1, { collection: "c" })
      yield* kv.put("expired", 1, { collection: "c", ttl: "1 second" })
      yield* TestClock.adjust("1 second")
      for (const key of ["text", "base64"]) {
        const error = yield* Effect.flip(kv.getMany(["mine", key], { collection: "c" }))
        assert.strictEqual(error._tag, "DeserializationError")
        assert.deepStrictEqual(error.keys, [key])
      }
      const enumeration = yield* Enumeration
      const maintenance = yield* Maintenance
      assert.deepStrictEqual(yield* Stream.runCollect(enumeration.keys({ collection: "c" })), ["mine"])
      assert.deepStrictEqual(yield* Stream.runCollect(enumeration.collections()), ["c"])
      assert.strictEqual(yield* maintenance.removeExpired, 1)
      assert.strictEqual(yield* maintenance.clear, 1)
      assert.deepStrictEqual([...(yield* store.keys)].sort(), Object.keys(foreign).sort())
      assert.strictEqual(yield* kv.delete("text", { collection: "c" }), true)
      assert.strictEqual(yield* kv.get("text", { collection: "c" }), undefined)
    }).pipe(Effect.provide(overStorage()))
  )

  it.effect("uses the given default collection", () =>
    Effect.gen(function* () {
      yield* (yield* KeyValue).put("a", 1)
      assert.deepStrictEqual(yield* (yield* backend).keys, ["things::a"])
    }).pipe(
      Effect.provide(
        EffectStore.layer({ defaultCollection: "things" }).pipe(Layer.provideMerge(EffectKeyValueStore.layerMemory))
      )
    )
  )
})

describe("expired entries", () => {
  it.effect("removes a few expired entries with each write, and none with a read", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const store = yield* backend
      yield* kv.putMany(
        Array.from({ length: 100 }, (_, i) => [`key_${i}`, i]),
        { ttl: "1 second" }
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* kv.get("key_0"), undefined)
      assert.strictEqual(yield* store.size, 100)
      for (let i = 0; i < 80; i++) yield* kv.put("same", i)
      assert.strictEqual(yield* store.size, 1)
    }).pipe(Effect.provide(overMemory))
  )
})

describe("a full storage", () => {
  it.effect("accepts single and batch writes when it holds only expired entries", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const store = yield* backend
      const value = "x".repeat(800)
      const room = yield* fill(kv, "first", value)
      assert.isAbove(room, 50)
      const refusal = yield* Effect.flip(kv.put("one more", value))
      assert.strictEqual(refusal._tag, "StoreError")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* fill(kv, "second", value), room)
      yield* TestClock.adjust("1 second")
      yield* kv.putMany(Array.from({ length: room }, (_, i) => [`third-${i}`, value]))
      assert.strictEqual(yield* store.size, room)
    }).pipe(Effect.provide(overStorage(100_000)))
  )

  it.effect("is searched for expired entries in parts, and the next write continues the search", () => {
    let reads = 0
    return Effect.gen(function* () {
      const kv = yield* KeyValue
      const store = yield* backend
      for (let i = 0; i < 30_000; i++) {
        const expires = i === 25_000 ? `"expires_at":"1970-01-01T00:00:01+00:00",` : ""
        const key = `k${String(i).padStart(5, "0")}`
        yield* store.set(`c::${key}`, `{"collection":"c",${expires}"key":"${key}","value":{},"version":1}`)
      }
      yield* TestClock.adjust("2 seconds")
      isFull = true
      const results: Array<boolean> = []
      for (let i = 0; i < 3; i++) {
        reads = 0
        results.push(yield* Effect.isSuccess(kv.put("new", 1)))
        assert.isAtMost(reads, 10_500)
      }
      assert.deepStrictEqual(results, [false, false, true])
    }).pipe(
      Effect.provide(
        overBroken((store) => ({
          get: (name) =>
            Effect.andThen(
              Effect.sync(() => reads++),
              store.get(name)
            ),
          set: (name, value) =>
            Effect.suspend(() =>
              isFull
                ? Effect.fail(
                    new EffectKeyValueStore.KeyValueStoreError({
                      method: "set",
                      message: "full",
                      cause: new DOMException("full", "QuotaExceededError")
                    })
                  )
                : store.set(name, value)
            ),
          remove: (name) => Effect.tap(store.remove(name), () => Effect.sync(() => void (isFull = false)))
        }))
      )
    )
  })
  let isFull = false
})

describe("requests to the backend", () => {
  const names = (n: number) => Array.from({ length: n }, (_, i) => `key-${i}`)
  const operations: Record<
    string,
    (n: number) => Effect.Effect<unknown, unknown, KeyValue | Enumeration | Maintenance>
  > = {
    putMany: (n) => KeyValue.use((kv) => kv.putMany(names(n).map((key) => [key, 2]))),
    getMany: (n) => KeyValue.use((kv) => kv.getMany(names(n))),
    deleteMany: (n) => KeyValue.use((kv) => kv.deleteMany(names(n))),
    keys: () => Enumeration.use(({ keys }) => Stream.runDrain(keys())),
    collections: () => Enumeration.use(({ collections }) => Stream.runDrain(collections())),
    clear: () => Maintenance.use(({ clear }) => clear),
    removeExpired: () =>
      Effect.andThen(
        TestClock.adjust("1 second"),
        Maintenance.use(({ removeExpired }) => removeExpired)
      )
  }
  for (const [name, run] of Object.entries(operations)) {
    it.effect(`sends at most twice as many requests in ${name} for twice as many entries`, () =>
      Effect.gen(function* () {
        const requestsFor = (n: number) => {
          let requests = 0
          const count = Effect.sync(() => void requests++)
          return Effect.gen(function* () {
            const kv = yield* KeyValue
            yield* kv.putMany(
              names(n).map((key) => [key, 1]),
              { ttl: "1 second" }
            )
            requests = 0
            yield* run(n)
            return requests
          }).pipe(
            Effect.provide(
              Layer.fresh(
                overBroken((store) => ({
                  get: (name) => Effect.andThen(count, store.get(name)),
                  set: (name, value) => Effect.andThen(count, store.set(name, value)),
                  remove: (name) => Effect.andThen(count, store.remove(name)),
                  keys: Effect.andThen(Effect.replicateEffect(count, n, { discard: true }), store.keys)
                }))
              )
            )
          )
        }
        const once = yield* requestsFor(2000)
        const twice = yield* requestsFor(4000)
        assert.isAtLeast(once, 1)
        assert.isAtMost(twice, 2.4 * once)
      })
    )
  }
})

describe("a backend that responds at once", () => {
  it.effect("lets the event loop run after each 1,000 entries of a batch or listing", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const { keys } = yield* Enumeration
      const names = Array.from({ length: 10_000 }, (_, i) => `key-${i}`)
      for (const [name, run] of [
        ["putMany", kv.putMany(names.map((key) => [key, 1]))],
        ["getMany", kv.getMany(names)],
        ["keys", Stream.runDrain(keys())],
        ["deleteMany", kv.deleteMany(names)]
      ] as const) {
        assert.isAtLeast(yield* turnsOf(run as Effect.Effect<unknown, unknown>), 9, name)
      }
    }).pipe(Effect.provide(Layer.fresh(overMemory)))
  )
})

describe("many fibers that write one key", () => {
  it.effect(
    "write one after the other, so that the last of 100,000 puts wins",
    () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* Effect.forEach(
          Array.from({ length: 100_000 }, (_, i) => i),
          (i) => kv.put("hot", i),
          {
            concurrency: "unbounded",
            discard: true
          }
        )
        assert.strictEqual(yield* kv.get("hot"), 99_999)
        assert.isTrue(yield* kv.delete("hot"))
      }).pipe(Effect.provide(overMemory)),
    120_000
  )

  const many = 20_000

  for (const [name, isInterrupted] of [
    ["all are", () => true],
    ["every second one is", (i: number) => i % 2 === 0],
    ["the first one is", (i: number) => i === 0]
  ] as const) {
    it.effect(
      `lose no write when ${name} interrupted`,
      () => {
        const gate = Deferred.makeUnsafe<void>()
        return Effect.gen(function* () {
          const kv = yield* KeyValue
          const fibers = yield* Effect.forEach(
            Array.from({ length: many }, (_, i) => i),
            (i) => Effect.forkChild(kv.put("hot", i))
          )
          yield* Effect.yieldNow
          yield* Fiber.interruptAll(fibers.filter((_, i) => isInterrupted(i)))
          yield* Deferred.succeed(gate, undefined)
          const rest = fibers.filter((_, i) => !isInterrupted(i))
          yield* Fiber.joinAll(rest)
          if (rest.length > 0) assert.strictEqual(yield* kv.get("hot"), many - 1)
          yield* kv.put("hot", "later")
          assert.strictEqual(yield* kv.get("hot"), "later")
          assert.isTrue(yield* kv.delete("hot"))
        }).pipe(
          Effect.provide(
            overBroken((store) => ({
              set: (name, value) => Effect.andThen(Deferred.await(gate), store.set(name, value))
            }))
          )
        )
      },
      120_000
    )
  }

  it.effect("leave the key free for later writes when they are interrupted after any step", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      for (let steps = 3; steps < 80; steps++) {
        const fibers = yield* Effect.forEach([0, 1, 2, 3], (i) =>
          Effect.provideService(
            Effect.forkChild(i % 2 === 0 ? kv.put("hot", i) : kv.delete("hot")),
            Scheduler.MaxOpsBeforeYield,
            steps
          )
        )
        for (let i = 0; i < steps % 5; i++) yield* Effect.yieldNow
        yield* Fiber.interruptAll(fibers)
        yield* kv.put("hot", "later")
        assert.strictEqual(yield* kv.get("hot"), "later")
      }
    }).pipe(Effect.provide(overMemory))
  )
})

describe("errors", () => {
  const failing = (cause?: unknown) =>
    Effect.fail(
      new EffectKeyValueStore.KeyValueStoreError({
        method: "test",
        message: "broken",
        ...(cause !== undefined && { cause })
      })
    )

  for (const [name, cause, tag] of [
    ["an error without a cause", undefined, "StoreError"],
    ["a full storage", new DOMException("full", "QuotaExceededError"), "StoreError"],
    ["a bad path", badArgument({ module: "FileSystem", method: "open" }), "StoreError"],
    ["a busy file", systemError({ _tag: "Busy", module: "FileSystem", method: "open" }), "StoreUnavailableError"],
    ["an error that is not retryable", { isRetryable: false }, "StoreError"],
    ["an error that is retryable", { isRetryable: true }, "StoreUnavailableError"],
    ["any other error", new Error("connection lost"), "StoreUnavailableError"]
  ] as const) {
    it.effect(`fails with ${tag} for ${name}`, () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const maintenance = yield* Maintenance
        const enumeration = yield* Enumeration
        const writes = [
          yield* Effect.flip(kv.put("a", 1)),
          yield* Effect.flip(kv.delete("a")),
          yield* Effect.flip(maintenance.clear),
          yield* Effect.flip(maintenance.removeExpired)
        ]
        for (const error of writes) {
          assert.strictEqual(error._tag, tag)
          assert.strictEqual("outcome" in error && error.outcome, tag === "StoreError" ? "not-applied" : "unknown")
          assert.notInclude(error.message, "broken")
          assert.strictEqual("cause" in error && (error.cause as Error).message, "broken")
        }
        assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, tag)
        assert.strictEqual((yield* Effect.flip(Stream.runCollect(enumeration.keys())))._tag, tag)
        assert.strictEqual((yield* Effect.flip(Stream.runCollect(enumeration.collections())))._tag, tag)
      }).pipe(
        Effect.provide(
          overBroken(() => ({ get: () => failing(cause), set: () => failing(cause), keys: failing(cause) }))
        )
      )
    )
  }

  it.effect("reports an unknown outcome when a batch stops half-way", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const error = yield* Effect.flip(
        kv.putMany([
          ["a", "x"],
          ["b", "x".repeat(1000)]
        ])
      )
      assert.strictEqual(error._tag, "StoreError")
      assert.strictEqual("outcome" in error && error.outcome, "unknown")
      assert.strictEqual(yield* kv.get("a"), "x")
    }).pipe(Effect.provide(overStorage(500)))
  )
})
