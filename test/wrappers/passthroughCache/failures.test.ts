import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { Maintenance } from "../../../src/index.ts"
import { Doubts } from "../../../src/wrappers/passthroughCache/Doubts.ts"
import { Misses } from "../../../src/wrappers/passthroughCache/Misses.ts"
import { all, setup } from "./setup.ts"

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

  it.effect("nor one whose writer was interrupted", () => {
    const { near, layer } = setup()
    return Effect.gen(function* () {
      const { kv, cache } = yield* all
      near.steps = ["ok", "midway"]
      const reader = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(600)
      yield* Fiber.interrupt(reader)
      assert.strictEqual(yield* cache.get("a"), "a")
      near.steps = ["unavailable"]
      yield* kv.put("a", "new")
      assert.strictEqual(yield* kv.get("a"), "new")
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
    const doubts = new Doubts(100, 10)
    assert.isFalse(doubts.about("a", undefined))
    doubts.add("a", 50, 50)
    assert.deepStrictEqual(
      [49, 50, 51, undefined].map((madeAt) => doubts.about("a", madeAt)),
      [true, true, false, true]
    )
    assert.isFalse(doubts.about("b", 0))
    doubts.add("b", 150, 150)
    assert.isFalse(doubts.about("a", 50), "forgotten, since nothing can be left of it")
  })

  it("of too many keys become one about all, and no more is remembered", () => {
    const doubts = new Doubts(100, 2)
    for (const [i, id] of ["a", "b", "c"].entries()) doubts.add(id, i, i)
    assert.isTrue(doubts.about("other", 0))
    assert.isFalse(doubts.about("other", 1))
    assert.isTrue(doubts.about("c", 2))
  })

  it("are not shortened by another", () => {
    const doubts = new Doubts(100, 2)
    doubts.add("a", 50, 0)
    doubts.add("a", 10, 10)
    assert.isTrue(doubts.about("a", 50))
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
