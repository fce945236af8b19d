/** Tests PassthroughCache when the cache fails, and when writes to the store have an unknown outcome. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { Driver, KeyValue, Maintenance, Memory, PassthroughCache } from "../../../src/index.ts"
import { Invalidations } from "../../../src/wrappers/passthroughCache/Invalidations.ts"
import { Misses } from "../../../src/wrappers/passthroughCache/Misses.ts"
import { all, Cache, setup } from "./setup.ts"

describe("PassthroughCache over a cache that fails", () => {
  for (const step of ["unavailable", "refused", "defect"] as const) {
    it.effect(`reads and writes as it would without a cache (${step})`, () => {
      const { near, layer } = setup()
      return Effect.gen(function* () {
        const { kv } = yield* all
        near.steps = [step, step]
        assert.strictEqual(yield* kv.get("a"), "a")
        near.steps = [step]
        yield* kv.put("a", 1)
        near.steps = [step, step]
        assert.strictEqual(yield* kv.get("a"), 1)
        near.steps = [step]
        assert.isTrue(yield* kv.delete("a"))
        near.steps = [step]
        assert.strictEqual(yield* Maintenance.Maintenance.use((it) => it.clear), 6)
        assert.isUndefined(yield* kv.get("b"))
      }).pipe(Effect.provide(layer))
    })
  }

  for (const step of ["hang", "stuck"] as const) {
    it.effect(`waits for the cache no longer than cacheTimeout (${step})`, () => {
      const { near, layer } = setup({ cacheTimeout: 100 })
      return Effect.gen(function* () {
        const { kv } = yield* all
        near.steps = [step, step, step]
        const both = yield* Effect.forkChild(Effect.andThen(kv.get("a"), kv.put("a", 1)))
        yield* TestClock.adjust(300)
        yield* Fiber.join(both)
        assert.strictEqual(yield* kv.get("a"), 1)
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("never returns a copy that could not be removed", () => {
    const { near, layer } = setup()
    return Effect.gen(function* () {
      const { kv, cache } = yield* all
      yield* kv.get("a")
      near.steps = ["unavailable"]
      yield* kv.put("a", "new")
      assert.strictEqual(yield* cache.get("a"), "a")
      near.steps = ["ok", "unavailable"]
      assert.strictEqual(yield* kv.get("a"), "new")
      assert.strictEqual(yield* kv.get("a"), "new")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* kv.get("a"), "new")
      assert.strictEqual(yield* cache.get("a"), "new", "copies of later are kept again")
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns misses for cleared entries although the cache could not be cleared", () => {
    const { near, layer } = setup()
    return Effect.gen(function* () {
      const { kv, cache } = yield* all
      yield* kv.getMany(["a", "b"])
      near.steps = ["unavailable"]
      yield* Maintenance.Maintenance.use((it) => it.clear)
      assert.deepStrictEqual(yield* kv.getMany(["a", "b"]), [undefined, undefined])
      assert.strictEqual(yield* cache.get("a"), "a")
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not return a copy that the cache writes long after it reported a failure", () => {
    const { near, layer } = setup()
    return Effect.gen(function* () {
      const { kv, cache } = yield* all
      near.steps = ["ok", "late"]
      assert.strictEqual(yield* kv.get("a"), "a")
      yield* TestClock.adjust(1000)
      yield* kv.put("a", "new")
      assert.strictEqual(yield* kv.get("a"), "new")
      yield* TestClock.adjust(5000)
      assert.strictEqual(yield* cache.get("a"), "a")
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not return a copy that the cache writes long after its fill was interrupted", () => {
    let isLate = false
    const late = Driver.wrapper(
      Driver.around((call, next) =>
        Effect.suspend(() =>
          isLate && call._tag === "put"
            ? Effect.andThen(Effect.forkDetach(Effect.delay(next(call) as Effect.Effect<never>, 5000)), Effect.never)
            : next(call)
        )
      )
    )
    const cache = Layer.flatMap(Memory.layer(), (context) =>
      Layer.succeedContext(Context.add(context, Cache, Context.get(context, KeyValue.KeyValue)))
    ).pipe(late)
    const layer = Memory.layer({ seed: { default_collection: { a: "a" } } }).pipe(
      PassthroughCache.wrap({ cache, cacheTimeout: "1 hour" })
    )
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const near = yield* Cache
      isLate = true
      const reader = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(10)
      yield* Fiber.interrupt(reader)
      isLate = false
      yield* TestClock.adjust(10)
      yield* kv.put("a", "new")
      yield* TestClock.adjust(6000)
      assert.strictEqual(yield* near.get("a"), "a", "it was written after the removal")
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(Effect.provide(Layer.merge(cache, layer)))
  })

  it.effect("does not fail its callers when the calls of the cache end with an interruption", () => {
    const broken = Driver.wrapper(Driver.around(() => Effect.interrupt))
    const layer = Memory.layer({ seed: { default_collection: { a: "a" } } }).pipe(
      PassthroughCache.wrap({ cache: Memory.layer().pipe(broken) })
    )
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      assert.strictEqual(yield* kv.get("a"), "a")
      yield* kv.put("a", "new")
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(Effect.provide(layer))
  })

  it.effect("removes all copies on a clear when the cache clears in pages", () => {
    const pages: Array<unknown> = []
    const paged = Driver.wrapper((driver) => ({
      ...driver,
      maintenance: {
        ...driver.maintenance!,
        clear: (call) =>
          Effect.gen(function* () {
            const { names } = yield* driver.listing!.keys({
              _tag: "keys",
              place: call.place,
              deadline: undefined,
              collection: "default_collection",
              prefix: call.keyPrefix,
              pageSize: 1,
              cursor: undefined
            })
            pages.push(call.cursor)
            // Pages are numbered: without its cursor, clearing would start again and remove only one page.
            const page = (call.cursor as number | undefined) ?? 0
            if (page !== pages.length - 1 || names.length === 0) return { count: 0, next: undefined }
            const count = yield* driver.delete({
              ...call,
              _tag: "delete",
              collection: "default_collection",
              keys: names
            })
            return { count, next: page + 1 }
          })
      }
    }))
    const cache = Layer.flatMap(Memory.layer(), (context) =>
      Layer.succeedContext(Context.add(context, Cache, Context.get(context, KeyValue.KeyValue)))
    ).pipe(paged)
    const layer = Memory.layer({ seed: { default_collection: { a: 1, b: 2, c: 3 } } }).pipe(
      PassthroughCache.wrap({ cache })
    )
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.getMany(["a", "b", "c"])
      yield* Maintenance.Maintenance.use((it) => it.clear)
      assert.deepStrictEqual(pages, [undefined, 1, 2, 3])
      assert.deepStrictEqual(yield* (yield* Cache).getMany(["a", "b", "c"]), [undefined, undefined, undefined])
    }).pipe(Effect.provide(Layer.merge(cache, layer)))
  })

  it.effect("returns no copy and keeps no fill while the store is being cleared", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv, far: farStore, cache } = yield* all
      yield* kv.get("a")
      far.steps = ["midway"]
      const clearing = yield* Effect.forkChild(Maintenance.Maintenance.use((it) => it.clear))
      yield* TestClock.adjust(100)
      const before = far.calls.length
      assert.strictEqual(yield* kv.get("a"), "a")
      assert.strictEqual(far.calls.length, before + 1, "the far store was asked")
      yield* TestClock.adjust(500)
      assert.isUndefined(yield* farStore.get("a"))
      assert.isUndefined(yield* kv.get("a"), "after another has seen that it is gone")
      yield* farStore.put("b", "of another process")
      assert.strictEqual(yield* kv.get("b"), "of another process")
      assert.isUndefined(yield* cache.get("b"), "not kept")
      yield* TestClock.adjust(500)
      yield* Fiber.join(clearing)
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not keep a fill that began before a clear and ended after it", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv, cache } = yield* all
      far.steps = ["midway", "ok"]
      const reader = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(600)
      yield* Maintenance.Maintenance.use((it) => it.clear)
      yield* TestClock.adjust(500)
      assert.strictEqual(yield* Fiber.join(reader), "a")
      assert.isUndefined(yield* cache.get("a"))
      assert.isUndefined(yield* kv.get("a"))
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not write a fill to the cache when its key was written before the fill ended", () => {
    const { far, near, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      far.steps = ["midway", "ok"]
      const reader = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(600)
      yield* kv.put("a", "new")
      yield* TestClock.adjust(500)
      yield* Fiber.join(reader)
      assert.isFalse(near.calls.some(({ _tag }) => _tag === "put"))
    }).pipe(Effect.provide(layer))
  })

  it.effect("removes a copy that was being made while its key was written", () => {
    const { near, layer } = setup()
    return Effect.gen(function* () {
      const { kv, cache } = yield* all
      near.steps = ["ok", "midway"]
      const reader = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(100)
      yield* kv.put("a", "new")
      yield* TestClock.adjust(1000)
      yield* Fiber.join(reader)
      assert.isUndefined(yield* cache.get("a"))
    }).pipe(Effect.provide(layer))
  })
})

describe("PassthroughCache after a write of unknown outcome", () => {
  it.effect("reads the keys from the store until the write is settled", () => {
    const { far, layer } = setup({ settleTime: "10 seconds" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      far.steps = ["late"]
      assert.strictEqual((yield* Effect.flip(kv.put("a", "late")))._tag, "StoreUnavailableError")
      const before = far.calls.length
      for (let i = 0; i < 2; i++) assert.strictEqual(yield* kv.get("a"), "a")
      assert.strictEqual(far.calls.length, before + 2)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* kv.get("a"), "late")
      yield* TestClock.adjust("6 seconds")
      for (let i = 0; i < 2; i++) assert.strictEqual(yield* kv.get("a"), "late")
      assert.strictEqual(far.calls.length, before + 4)
    }).pipe(Effect.provide(layer))
  })

  it.effect("reads a key that was known to be missing from the store after an interrupted write", () => {
    const { far, layer } = setup({ settleTime: "10 seconds", missTtl: "1 minute" })
    return Effect.gen(function* () {
      const { kv, far: farStore } = yield* all
      assert.isUndefined(yield* kv.get("x"))
      far.steps = ["hang"]
      const writer = yield* Effect.forkChild(kv.put("x", 1))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(writer)
      yield* farStore.put("x", 1)
      assert.strictEqual(yield* kv.get("x"), 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("keeps the copy after a write that was certainly not applied", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      far.steps = ["unavailable"]
      yield* Effect.flip(kv.put("a", "new"))
      const before = far.calls.length
      assert.strictEqual(yield* kv.get("a"), "a")
      assert.strictEqual(far.calls.length, before)
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns no copy of a key while it is being written", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      far.steps = ["midway"]
      const writer = yield* Effect.forkChild(kv.put("a", "new"))
      yield* TestClock.adjust(600)
      assert.strictEqual((yield* kv.ttl("a"))?.value, "new")
      assert.strictEqual(yield* kv.get("a"), "new", "after another has seen the new value")
      yield* TestClock.adjust(500)
      yield* Fiber.join(writer)
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(Effect.provide(layer))
  })

  it.effect("lets no reader share a read that began before another reader saw the new value", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv, far: farStore } = yield* all
      far.steps = ["midway"]
      const writer = yield* Effect.forkChild(kv.put("a", "new"))
      yield* TestClock.adjust(10)
      far.steps = ["midway", "ok"]
      const slow = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(600)
      assert.strictEqual(yield* farStore.get("a"), "new")
      yield* kv.ttl("a")
      const later = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(writer)
      yield* Fiber.join(slow)
      assert.strictEqual(yield* Fiber.join(later), "new")
      assert.strictEqual(far.calls.filter(({ _tag }) => _tag === "get").length, 3, "it asked for itself")
    }).pipe(Effect.provide(layer))
  })
})

describe("Invalidations", () => {
  it("apply to copies made up to a time, until these have expired", () => {
    const invalidations = new Invalidations(100, 10)
    assert.isFalse(invalidations.has("a", undefined))
    invalidations.add("a", 50, 50)
    assert.deepStrictEqual(
      [49, 50, 51, undefined].map((madeAt) => invalidations.has("a", madeAt)),
      [true, true, false, true]
    )
    assert.isFalse(invalidations.has("b", 0))
    invalidations.add("b", 150, 150)
    assert.isFalse(invalidations.has("a", 50), "forgotten, since nothing can be left of it")
  })

  it("become one doubt about all keys when there are too many", () => {
    const invalidations = new Invalidations(100, 2)
    for (const [i, id] of ["a", "b", "c"].entries()) invalidations.add(id, i, i)
    assert.isTrue(invalidations.has("other", 0))
    assert.isFalse(invalidations.has("other", 1))
    assert.isTrue(invalidations.has("c", 2))
  })

  it("are not shortened by another doubt", () => {
    const invalidations = new Invalidations(100, 2)
    invalidations.add("a", 50, 0)
    invalidations.add("a", 10, 10)
    assert.isTrue(invalidations.has("a", 50))
  })
})

describe("Misses", () => {
  it("are bounded in number", () => {
    const misses = new Misses(100, 2)
    for (const id of ["a", "b", "a", "c"]) misses.add(id, 0)
    assert.deepStrictEqual(
      ["a", "b", "c"].map((id) => misses.has(id, 1)),
      [true, false, true]
    )
  })
})
