/** Tests what PassthroughCache reads, caches and removes. The folder of the same name has tests of its parts. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { Atomic, Driver, Maintenance, Memory, PassthroughCache } from "../../src/index.ts"
import { buildError, script } from "../support/faults.ts"
import { all, Cache, Far, observed, setup } from "./passthroughCache/setup.ts"

describe("PassthroughCache", () => {
  it.effect("builds the stack that it wraps once", () =>
    Effect.gen(function* () {
      let built = 0
      const counting = Driver.wrapperEffect(
        Effect.sync(() => {
          built += 1
          return (driver: Driver.Driver) => driver
        })
      )
      const layer = Memory.layer().pipe(counting, PassthroughCache.wrap({ cache: counting(Memory.layer()) }))
      yield* Layer.build(layer)
      assert.strictEqual(built, 2, "the stack, and the cache")
    })
  )

  it.effect("fills the cache on a miss and then returns the copy, for every value except a miss [P1]", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv, cache } = yield* all
      for (const key of ["a", "empty", "zero", "no", "nothing", "blank"]) {
        const value = yield* kv.get(key)
        assert.deepStrictEqual(yield* cache.get(key), value)
        const calls = far.calls.length
        assert.deepStrictEqual(yield* kv.get(key), value)
        assert.strictEqual(far.calls.length, calls)
      }
      const calls = far.calls.length
      for (let i = 0; i < 2; i++) assert.isUndefined(yield* kv.get("missing"))
      assert.strictEqual(far.calls.length, calls + 2, "a miss was kept")
    }).pipe(Effect.provide(layer))
  })

  it.effect("reads the missing keys of a batch in one call, and makes no call when all are cached [P2]", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      assert.deepStrictEqual(yield* kv.getMany(["b", "a", "x", "b"]), ["b", "a", undefined, "b"])
      assert.deepStrictEqual(
        far.calls.map((call) => ("keys" in call ? call.keys : [])),
        [["a"], ["b", "x"]]
      )
      yield* kv.getMany(["a", "b"])
      assert.strictEqual(far.calls.length, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("sends writes to the store and removes the cached copy [P3]", () =>
    Effect.gen(function* () {
      const { kv, cache } = yield* all
      const atomic = yield* Atomic.Atomic
      const maintenance = yield* Maintenance.Maintenance
      const writes = [
        kv.put("a", 1),
        kv.putMany([["a", 2]]),
        kv.delete("a"),
        kv.put("a", 3),
        kv.deleteMany(["a"]),
        atomic.putIfAbsent("a", 4),
        atomic.update("a", () => 5),
        atomic.getAndDelete("a"),
        kv.put("a", 6),
        maintenance.clearCollection(),
        maintenance.clear
      ]
      const expected = [1, 2, undefined, 3, undefined, 4, 5, undefined, 6, undefined, undefined]
      for (const [i, write] of writes.entries()) {
        yield* kv.get("a")
        yield* write as Effect.Effect<unknown>
        assert.isUndefined(yield* cache.get("a"))
        assert.strictEqual(yield* kv.get("a"), expected[i], `write ${i}`)
      }
    }).pipe(Effect.provide(setup().layer))
  )

  it.effect("keeps a copy no longer than the entry's TTL, maxTtl and missingTtl allow", () =>
    Effect.gen(function* () {
      const { kv, far, cache } = yield* all
      yield* far.put("short", 1, { ttl: "10 seconds" })
      yield* far.put("long", 1, { ttl: "1 day" })
      yield* kv.getMany(["short", "long", "a"])
      const ttls = (yield* cache.ttlMany(["short", "long", "a"])).map((it) => Duration.toSeconds(it!.ttl!))
      assert.deepStrictEqual(ttls, [10, 60, 20])
      yield* TestClock.adjust("10 seconds")
      assert.isUndefined(yield* kv.get("short"))
    }).pipe(Effect.provide(setup({ maxTtl: "1 minute", missingTtl: "20 seconds" }).layer))
  )

  it.effect("returns the store's TTL from ttl and ttlMany, also for cached keys", () =>
    Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.put("k", 1, { ttl: "2 hours" })
      yield* kv.get("k")
      assert.strictEqual(Duration.toMinutes((yield* kv.ttl("k"))!.ttl!), 120)
      assert.strictEqual(Duration.toMinutes((yield* kv.ttlMany(["k"]))[0]!.ttl!), 120)
    }).pipe(Effect.provide(setup().layer))
  )

  it.effect("reads a key once for 50 concurrent callers and gives each a separate value", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      far.steps = [1000]
      const fiber = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 50 }, () => kv.get("empty")),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust(1000)
      const values = (yield* Fiber.join(fiber)) as ReadonlyArray<object>
      assert.strictEqual(far.calls.length, 1)
      assert.strictEqual(new Set(values).size, 50)
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns a miss to a reader that joins a fill when the entry expires before the fill ends", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.put("a", "short", { ttl: 750 })
      // The store reads after 500 ms and replies after 1,000 ms.
      far.steps = ["midway"]
      const early = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(800)
      const late = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(200)
      assert.isUndefined(yield* Fiber.join(late))
      assert.strictEqual(yield* Fiber.join(early), "short")
    }).pipe(Effect.provide(layer))
  })

  it.effect("continues a shared fill when one of its readers is interrupted", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      far.steps = [1000]
      const first = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(1)
      const second = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust(1000)
      assert.strictEqual(yield* Fiber.join(second), "a")
      assert.strictEqual(far.calls.length, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("treats failures of the cache as misses and does not return them to the caller", () => {
    const { near, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      near.steps = ["unavailable", "unavailable"]
      assert.strictEqual(yield* kv.get("a"), "a")
      near.steps = ["refused"]
      yield* kv.put("a", "new")
      near.steps = ["refused", "refused"]
      assert.deepStrictEqual(yield* kv.getMany(["a", "b"]), ["new", "b"])
      near.steps = ["unavailable"]
      assert.isTrue(yield* kv.delete("a"))
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns failures of the store to the caller and does not cache them", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      far.steps = ["unavailable"]
      assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "StoreUnavailableError")
      assert.strictEqual(yield* kv.get("a"), "a")
    }).pipe(Effect.provide(layer))
  })

  it.effect("rejects times that are not positive and finite when the layer is built", () =>
    Effect.gen(function* () {
      for (const options of [{ maxTtl: 0 }, { missingTtl: -1 }, { maxTtl: Duration.infinity }]) {
        const layer = Memory.layer().pipe(PassthroughCache.wrap({ cache: Memory.layer(), ...options }))
        assert.strictEqual((yield* buildError(layer))._tag, "StoreSetupError")
      }
    })
  )
})

describe("PassthroughCache during concurrent writes", () => {
  /** A store that reads at once, but returns the result only when the gate opens. */
  const gated = (gate: Deferred.Deferred<void>) =>
    Driver.wrapper(
      Driver.around((call, next) =>
        call._tag === "get" ? Effect.tap(next(call), () => Deferred.await(gate)) : next(call)
      )
    )

  for (const write of ["put", "delete", "clear"] as const) {
    it.effect(`does not cache a read that began before a ${write} and ended after it`, () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const cache = observed(Cache, script())
        const layer = observed(Far, script(), { a: "old" }).pipe(gated(gate), PassthroughCache.wrap({ cache }))
        yield* Effect.gen(function* () {
          const { kv, cache } = yield* all
          const reader = yield* Effect.forkChild(kv.get("a"))
          yield* TestClock.adjust(1)
          if (write === "put") yield* kv.put("a", "new")
          else if (write === "delete") yield* kv.delete("a")
          else yield* Maintenance.Maintenance.use((it) => it.clear)
          const later = yield* Effect.forkChild(kv.get("a"))
          yield* TestClock.adjust(1)
          yield* Deferred.succeed(gate, undefined)
          assert.strictEqual(yield* Fiber.join(reader), "old")
          const expected = write === "put" ? "new" : undefined
          assert.strictEqual(yield* Fiber.join(later), expected)
          assert.strictEqual(yield* cache.get("a"), expected)
          assert.strictEqual(yield* kv.get("a"), expected)
        }).pipe(Effect.provide(Layer.merge(cache, layer)))
      })
    )
  }

  it.effect("removes a copy that was being written when its key changed, and never returns it", () => {
    const near = script()
    const cache = observed(Cache, near)
    const layer = observed(Far, script(), { a: "old" }).pipe(PassthroughCache.wrap({ cache }))
    return Effect.gen(function* () {
      const { kv, cache } = yield* all
      near.steps = ["ok", "midway"]
      const reader = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(100)
      yield* kv.put("a", "new")
      yield* TestClock.adjust(500)
      assert.strictEqual(yield* cache.get("a"), "old")
      assert.strictEqual(yield* kv.get("a"), "new")
      yield* TestClock.adjust(500)
      assert.strictEqual(yield* Fiber.join(reader), "old")
      assert.strictEqual(yield* kv.get("a"), "new")
      assert.notStrictEqual(yield* cache.get("a"), "old")
    }).pipe(Effect.provide(Layer.merge(cache, layer)))
  })
})
