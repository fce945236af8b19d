/** Tests the options missTtl, refreshAhead and maxStale of PassthroughCache, its metrics, and invalid options. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { TestClock } from "effect/testing"
import { KeyValue, Memory, PassthroughCache } from "../../../src/index.ts"
import { buildError } from "../../support/faults.ts"
import { all, setup } from "./setup.ts"

const minute = { maxTtl: "1 minute", missingTtl: "1 minute" } as const

describe("PassthroughCache with missTtl", () => {
  it.effect("does not read a missing key again until missTtl is over, unless it is written", () => {
    const { far, layer } = setup({ missTtl: "10 seconds" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      for (let i = 0; i < 2; i++)
        assert.deepStrictEqual(yield* kv.getMany(["x", "a", "y"]), [undefined, "a", undefined])
      assert.strictEqual(far.calls.length, 1)
      yield* TestClock.adjust("10 seconds")
      assert.isUndefined(yield* kv.get("x"))
      assert.strictEqual(far.calls.length, 2)
      yield* kv.put("x", 1)
      assert.strictEqual(yield* kv.get("x"), 1)
      yield* kv.delete("x")
      for (let i = 0; i < 2; i++) assert.isUndefined(yield* kv.get("x"))
      assert.strictEqual(far.calls.length, 6)
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns what another process wrote to a missing key when missTtl is over", () => {
    const { layer } = setup({ missTtl: "10 seconds" })
    return Effect.gen(function* () {
      const { kv, far } = yield* all
      assert.isUndefined(yield* kv.get("x"))
      yield* far.put("x", 1)
      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(yield* kv.get("x"))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* kv.get("x"), 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("loads a key that is known to be missing with getOrSet, and then returns it", () => {
    const { layer } = setup({ missTtl: "10 seconds" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      assert.isUndefined(yield* kv.get("x"))
      assert.strictEqual(yield* kv.getOrSet("x", Effect.succeed("loaded")), "loaded")
      assert.strictEqual(yield* kv.get("x"), "loaded")
    }).pipe(Effect.provide(layer))
  })
})

describe("PassthroughCache with refreshAhead", () => {
  for (const [refreshAhead, due] of [
    [{ fraction: 0.25 }, 45_000],
    ["10 seconds", 50_000]
  ] as const) {
    it.effect(
      `renews a copy once in the background on a hit in the last ${JSON.stringify(refreshAhead)} of its time`,
      () => {
        const { far, layer } = setup({ ...minute, refreshAhead })
        return Effect.gen(function* () {
          const { kv, far: farStore } = yield* all
          yield* kv.get("a")
          yield* farStore.put("a", "new")
          const before = far.calls.length
          yield* TestClock.adjust(due - 1)
          assert.strictEqual(yield* kv.get("a"), "a")
          yield* TestClock.adjust(0)
          assert.strictEqual(far.calls.length, before, "too early")
          yield* TestClock.adjust("1 millis")
          far.steps = [1000]
          for (let i = 0; i < 3; i++) assert.strictEqual(yield* kv.get("a"), "a")
          yield* TestClock.adjust("1 second")
          assert.strictEqual(far.calls.length, before + 1)
          assert.strictEqual(yield* kv.get("a"), "new")
          yield* TestClock.adjust("40 seconds")
          assert.strictEqual(yield* kv.get("a"), "new")
          assert.strictEqual(far.calls.length, before + 1)
        }).pipe(Effect.provide(layer))
      }
    )
  }

  it.effect("does not renew an entry that is about to expire", () => {
    const { far, layer } = setup({ ...minute, refreshAhead: { fraction: 0.5 } })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.put("k", 1, { ttl: "10 seconds" })
      yield* kv.get("k")
      yield* TestClock.adjust("9 seconds")
      const before = far.calls.length
      assert.strictEqual(yield* kv.get("k"), 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(far.calls.length, before)
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not renew an entry that expires before maxTtl, however late it is read", () => {
    const { far, layer } = setup({ ...minute, refreshAhead: { fraction: 0.5 } })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.put("k", 1, { ttl: 59_999 })
      yield* kv.put("longer", 1, { ttl: "1 minute" })
      yield* kv.getMany(["k", "longer"])
      yield* TestClock.adjust("59 seconds")
      const before = far.calls.length
      assert.strictEqual(yield* kv.get("k"), 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(far.calls.length, before)
      yield* kv.get("longer")
      yield* TestClock.adjust(1)
      assert.strictEqual(far.calls.length, before + 1, "its time ends with maxTtl")
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not fail readers when a renewal fails, and starts no other for a second", () => {
    const { far, layer } = setup({ ...minute, refreshAhead: "30 seconds" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      yield* TestClock.adjust("40 seconds")
      far.steps = ["unavailable"]
      for (let i = 0; i < 3; i++) {
        assert.strictEqual(yield* kv.get("a"), "a")
        yield* TestClock.adjust(10)
      }
      assert.strictEqual(far.calls.length, 2)
      yield* TestClock.adjust("1 second")
      yield* kv.get("a")
      yield* TestClock.adjust(10)
      assert.strictEqual(far.calls.length, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect("removes the copy when a renewal finds no entry", () => {
    const { layer } = setup({ ...minute, refreshAhead: "30 seconds" })
    return Effect.gen(function* () {
      const { kv, far } = yield* all
      yield* kv.get("a")
      yield* far.delete("a")
      yield* TestClock.adjust("40 seconds")
      assert.strictEqual(yield* kv.get("a"), "a")
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* kv.get("a"))
    }).pipe(Effect.provide(layer))
  })

  it.effect("ends renewals under way when the layer is closed", () => {
    const { far, layer } = setup({ ...minute, refreshAhead: "30 seconds" })
    return Effect.gen(function* () {
      yield* Effect.gen(function* () {
        const { kv } = yield* all
        yield* kv.get("a")
        yield* TestClock.adjust("40 seconds")
        far.steps = ["hang"]
        yield* kv.get("a")
        yield* TestClock.adjust(1)
        assert.strictEqual(far.calls.length, 2)
      }).pipe(Effect.provide(layer))
      assert.strictEqual(far.interrupted, 1)
    })
  })
})

describe("PassthroughCache with maxStale", () => {
  const stale = { ...minute, maxStale: "10 minutes" } as const

  it.effect("returns an expired copy while the store is unavailable, up to maxStale", () => {
    const { far, layer } = setup(stale)
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.getMany(["a", "b"])
      yield* TestClock.adjust("1 minute")
      far.steps = ["unavailable", "unavailable", "refused", "unavailable"]
      assert.strictEqual(yield* kv.get("a"), "a")
      assert.deepStrictEqual(yield* kv.getMany(["b", "a"]), ["b", "a"])
      assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "StoreError")
      const error = yield* Effect.flip(kv.getMany(["a", "x"]))
      assert.strictEqual(error._tag, "StoreUnavailableError", "there is no copy of x")
      yield* TestClock.adjust(599_999)
      far.steps = ["unavailable"]
      assert.strictEqual(yield* kv.get("a"), "a")
      yield* TestClock.adjust("1 millis")
      far.steps = ["unavailable"]
      assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "StoreUnavailableError")
    }).pipe(Effect.provide(layer))
  })

  it.effect("prefers the store's reply to a stale copy, which a miss removes", () => {
    const { far, layer } = setup(stale)
    return Effect.gen(function* () {
      const { kv, far: farStore } = yield* all
      yield* kv.getMany(["a", "b"])
      yield* farStore.put("a", "new")
      yield* farStore.delete("b")
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* kv.getMany(["a", "b"]), ["new", undefined])
      far.steps = ["unavailable"]
      assert.isTrue((yield* Effect.exit(kv.get("b")))._tag === "Failure")
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns no stale copy of an entry that has expired in the store", () => {
    const { far, layer } = setup(stale)
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.put("k", 1, { ttl: "5 minutes" })
      yield* kv.get("k")
      yield* TestClock.adjust(299_999)
      far.steps = ["unavailable", "unavailable"]
      assert.strictEqual(yield* kv.get("k"), 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Effect.flip(kv.get("k")))._tag, "StoreUnavailableError")
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns stale copies for the failures that staleOn selects", () => {
    const { far, layer } = setup({ ...stale, staleOn: (error) => error._tag === "StoreError" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      yield* TestClock.adjust("1 minute")
      far.steps = ["refused", "unavailable"]
      assert.strictEqual(yield* kv.get("a"), "a")
      assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "StoreUnavailableError")
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns a stale copy at once with staleWhileRevalidate and renews it once in the background", () => {
    const { far, layer } = setup({ ...stale, staleWhileRevalidate: true })
    return Effect.gen(function* () {
      const { kv, far: farStore } = yield* all
      yield* kv.get("a")
      yield* farStore.put("a", "new")
      yield* TestClock.adjust("2 minutes")
      const before = far.calls.length
      far.steps = [1000]
      for (let i = 0; i < 3; i++) assert.strictEqual(yield* kv.get("a"), "a")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(far.calls.length, before + 1)
      assert.strictEqual(yield* kv.get("a"), "new")
      yield* TestClock.adjust("11 minutes")
      yield* farStore.put("a", "newer")
      assert.strictEqual(yield* kv.get("a"), "newer", "beyond the bound")
    }).pipe(Effect.provide(layer))
  })

  for (const staleWhileRevalidate of [true, false]) {
    it.effect(
      `returns no stale copy of a key that it has overwritten or deleted (staleWhileRevalidate: ${staleWhileRevalidate})`,
      () => {
        const { far, near, layer } = setup({ ...stale, staleWhileRevalidate })
        return Effect.gen(function* () {
          const { kv } = yield* all
          yield* kv.getMany(["a", "b"])
          near.steps = ["refused", "unavailable"]
          yield* kv.put("a", "new")
          yield* kv.delete("b")
          yield* TestClock.adjust("2 minutes")
          far.steps = ["unavailable", "unavailable"]
          for (const key of ["a", "b"])
            assert.strictEqual((yield* Effect.flip(kv.get(key)))._tag, "StoreUnavailableError")
          assert.deepStrictEqual(yield* kv.getMany(["a", "b"]), ["new", undefined])
        }).pipe(Effect.provide(layer))
      }
    )
  }

  it.effect("keeps copies for missingTtl when it differs from maxTtl", () => {
    const { far, layer } = setup({ maxTtl: "1 minute", missingTtl: "3 minutes", maxStale: "1 minute" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.put("k", 1, { ttl: "1 hour" })
      yield* kv.getMany(["a", "k"])
      const before = far.calls.length
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* kv.get("a"), "a")
      assert.strictEqual(far.calls.length, before)
      yield* TestClock.adjust("1 minute")
      far.steps = ["unavailable", "unavailable"]
      assert.strictEqual(yield* kv.get("a"), "a")
      assert.strictEqual((yield* Effect.flip(kv.get("k")))._tag, "StoreUnavailableError")
    }).pipe(Effect.provide(layer))
  })
})

describe("metrics of PassthroughCache", () => {
  it.effect("count hits, misses, stale copies, renewals and failures of the cache", () => {
    const { far, near, layer } = setup({
      ...minute,
      maxStale: "1 minute",
      refreshAhead: "30 seconds",
      store: "counted"
    })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.getMany(["a", "b"])
      yield* kv.get("a")
      yield* TestClock.adjust("40 seconds")
      far.steps = ["unavailable", "unavailable"]
      yield* kv.get("b")
      yield* TestClock.adjust("30 seconds")
      yield* kv.get("b")
      near.steps = ["unavailable"]
      yield* kv.get("a")
      const counts = Object.fromEntries(
        (yield* Metric.snapshot).flatMap(({ id, attributes, state }) =>
          id === "effect_kv.cache" && attributes?.["db.namespace"] === "counted"
            ? [[attributes["cache.result"], (state as { readonly count: number }).count]]
            : []
        )
      )
      assert.deepStrictEqual(counts, { hit: 2, miss: 4, stale: 1, refresh: 1, error: 1 })
    }).pipe(Effect.provide(layer))
  })
})

describe("options of PassthroughCache", () => {
  const wrong: ReadonlyArray<Omit<PassthroughCache.Options<never>, "cache">> = [
    { missTtl: 0 },
    { refreshAhead: 0 },
    { refreshAhead: -0.5 },
    { refreshAhead: 0.5 },
    { refreshAhead: { fraction: 0 } },
    { refreshAhead: { fraction: 1 } },
    { refreshAhead: { fraction: "0.5" as never } },
    { maxStale: "-1 second" as never },
    { maxStale: Duration.infinity },
    { staleWhileRevalidate: true },
    { settleTime: 0 },
    { cacheTimeout: 0 }
  ]
  for (const options of wrong) {
    it.effect(`are rejected when the layer is built: ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const layer = Memory.layer().pipe(PassthroughCache.wrap({ cache: Memory.layer(), ...options }))
        assert.strictEqual((yield* buildError(layer))._tag, "StoreSetupError")
      })
    )
  }

  it.effect("say how to write a fraction when refreshAhead is a number below 1", () =>
    Effect.gen(function* () {
      const layer = Memory.layer().pipe(PassthroughCache.wrap({ cache: Memory.layer(), refreshAhead: 0.2 }))
      assert.include((yield* buildError(layer)).message, "use { fraction: 0.2 }")
    })
  )

  it.effect("can be combined in one layer", () =>
    KeyValue.KeyValue.use((kv) => kv.get("nothing")).pipe(
      Effect.provide(
        Memory.layer().pipe(
          PassthroughCache.wrap({ cache: Memory.layer(), maxStale: 1, staleWhileRevalidate: true, missTtl: 1 }),
          Layer.fresh
        )
      ),
      Effect.map((value) => assert.isUndefined(value))
    )
  )
})
