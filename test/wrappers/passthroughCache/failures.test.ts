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

describe("PassthroughCache, a near store that fails", () => {
  for (const step of ["unavailable", "refused", "defect"] as const) {
    it.effect(`${step}: reads and writes are as without it`, () => {
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
    it.effect(`${step}: it is waited for no longer than cacheTimeout`, () => {
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

  it.effect("a copy that could not be removed is not answered, whatever comes after", () => {
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

  it.effect("a cleared collection is missing although the near store could not be cleared", () => {
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

  it.effect("a copy that is written long after the near store said that it failed is not answered", () => {
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

  it.effect("a copy that is written long after its fill was interrupted is not answered", () => {
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

  it.effect("a near store that fails as if it was interrupted fails nobody", () => {
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

  it.effect("clearing removes all copies of a near store that clears in pages", () => {
    const pages: Array<unknown> = []
    const paged = Driver.wrapper((driver) => ({
      ...driver,
      clear: (call) =>
        Effect.gen(function* () {
          const { names } = yield* driver.keys!({
            _tag: "keys",
            place: call.place,
            deadline: undefined,
            collection: "default_collection",
            prefix: call.keyPrefix,
            pageSize: 1,
            cursor: undefined
          })
          pages.push(call.cursor)
          // A store whose pages are numbered: without its cursor it would begin again, and remove one page only.
          const page = (call.cursor as number | undefined) ?? 0
          if (page !== pages.length - 1 || names.length === 0) return { count: 0, next: undefined }
          const count = yield* driver.delete({ ...call, _tag: "delete", collection: "default_collection", keys: names })
          return { count, next: page + 1 }
        })
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

  it.effect("while the far store is cleared, no copy is answered, and no fill of it is kept", () => {
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

  it.effect("a fill that began before a clear is not kept when its answer comes after it", () => {
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

  it.effect("an answer that a write has overtaken is not even sent to the near store", () => {
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

  it.effect("a copy that is made while a write of its key begins and ends is removed", () => {
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

describe("PassthroughCache, writes that may have been applied", () => {
  it.effect("the keys are asked of the far store until the write is settled", () => {
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

  it.effect("so they are after one that was interrupted, and known misses with them", () => {
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

  it.effect("a write that was not applied leaves the copy", () => {
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

  it.effect("while a key is written, nobody is answered from near", () => {
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

  it.effect("while a key is written, nobody shares a read that began before another saw the new value", () => {
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

describe("Doubts", () => {
  it("are about copies made up to a time, until these have expired", () => {
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

  it("of too many keys become one about all, and no more is remembered", () => {
    const invalidations = new Invalidations(100, 2)
    for (const [i, id] of ["a", "b", "c"].entries()) invalidations.add(id, i, i)
    assert.isTrue(invalidations.has("other", 0))
    assert.isFalse(invalidations.has("other", 1))
    assert.isTrue(invalidations.has("c", 2))
  })

  it("are not shortened by another", () => {
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
