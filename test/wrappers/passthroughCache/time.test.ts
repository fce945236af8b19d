/** Tests that PassthroughCache measures elapsed time when the wall clock is set, and respects deadlines. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { Bulkhead, Deadline, Driver, KeyValue, Timeout } from "../../../src/index.ts"
import { withWallClock } from "../../support/wallClock.ts"
import { all, setup } from "./setup.ts"

const hour = 3_600_000
const minute = { maxTtl: "1 minute", missingTtl: "1 minute" } as const

describe("PassthroughCache when the wall clock is set", () => {
  for (const [name, options] of [
    ["with maxTtl alone", minute],
    ["with refreshAhead", { ...minute, refreshAhead: "1 second" }]
  ] as const) {
    it.effect(`keeps no copy longer than maxTtl when the wall clock is set back, ${name}`, () =>
      withWallClock((turn) =>
        Effect.gen(function* () {
          const { kv, far } = yield* all
          assert.strictEqual(yield* kv.get("a"), "a")
          yield* far.put("a", "new")
          yield* turn(-hour)
          yield* TestClock.adjust("58 seconds")
          assert.strictEqual(yield* kv.get("a"), "a", "it is fresh still")
          yield* TestClock.adjust("2 seconds")
          assert.strictEqual(yield* kv.get("a"), "new")
        }).pipe(Effect.provide(setup(options).layer))
      )
    )
  }

  it.effect("returns copies that were made after the wall clock was set back", () => {
    const { far, layer } = setup(minute)
    return withWallClock((turn) =>
      Effect.gen(function* () {
        const { kv } = yield* all
        yield* kv.get("a")
        yield* turn(-hour)
        yield* TestClock.adjust("1 minute")
        for (let i = 0; i < 3; i++) assert.strictEqual(yield* kv.get("a"), "a")
        assert.strictEqual(far.calls.length, 2)
      }).pipe(Effect.provide(layer))
    )
  })

  it.effect("loses copies once, not for an hour, when the wall clock is set forward", () => {
    const { far, layer } = setup(minute)
    return withWallClock((turn) =>
      Effect.gen(function* () {
        const { kv } = yield* all
        yield* kv.get("a")
        yield* turn(hour)
        for (let i = 0; i < 3; i++) assert.strictEqual(yield* kv.get("a"), "a")
        assert.strictEqual(far.calls.length, 2)
        yield* TestClock.adjust("1 minute")
        yield* kv.get("a")
        assert.strictEqual(far.calls.length, 3)
      }).pipe(Effect.provide(layer))
    )
  })

  it.effect("returns stale copies within maxStale when the wall clock is set back in an outage", () => {
    const { far, layer } = setup({ ...minute, maxStale: "10 minutes" })
    return withWallClock((turn) =>
      Effect.gen(function* () {
        const { kv } = yield* all
        yield* kv.get("a")
        yield* turn(-hour)
        far.always = "unavailable"
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual(yield* kv.get("a"), "a")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "StoreUnavailableError")
      }).pipe(Effect.provide(layer))
    )
  })

  it.effect("keeps missTtl, settleTime and the pause after a failed renewal when the wall clock is set back", () => {
    const { far, layer } = setup({
      ...minute,
      missTtl: "10 seconds",
      settleTime: "10 seconds",
      refreshAhead: "55 seconds"
    })
    return withWallClock((turn) =>
      Effect.gen(function* () {
        const { kv } = yield* all
        const callsOf = <A, E>(effect: Effect.Effect<A, E>) =>
          Effect.suspend(() => {
            const before = far.calls.length
            return Effect.map(Effect.exit(effect), () => far.calls.length - before)
          })
        yield* kv.get("x")
        far.steps = ["lost"]
        yield* Effect.exit(kv.put("b", "new"))
        yield* kv.get("a")
        yield* TestClock.adjust("6 seconds")
        far.steps = ["unavailable"]
        yield* kv.get("a")
        yield* TestClock.adjust(10)
        yield* turn(-hour)
        assert.strictEqual(yield* callsOf(kv.get("x")), 0)
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* callsOf(kv.get("x")), 1, "missTtl is over")
        assert.strictEqual(yield* callsOf(Effect.andThen(kv.get("a"), Effect.yieldNow)), 1, "the pause is over")
        assert.deepStrictEqual(
          [yield* callsOf(kv.get("b")), yield* callsOf(kv.get("b"))],
          [1, 0],
          "the write is settled"
        )
      }).pipe(Effect.provide(layer))
    )
  })

  it.effect("does not return a copy whose time lies in the future", () =>
    withWallClock((turn) =>
      Effect.gen(function* () {
        const { kv, cache } = yield* all
        assert.strictEqual(yield* kv.get("b"), "b")
        yield* turn(hour)
        yield* cache.put("a", "by a process whose clock is an hour ahead")
        yield* turn(-hour)
        assert.strictEqual(yield* kv.get("a"), "a")
      }).pipe(Effect.provide(setup(minute).layer))
    )
  )

  it.effect("returns copies of another process without an expiry for at most maxTtl from a shared cache", () =>
    Effect.gen(function* () {
      const { kv, cache } = yield* all
      yield* cache.put("a", "shared")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* kv.get("a"), "shared")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* kv.get("a"), "a")
    }).pipe(Effect.provide(setup(minute).layer))
  )
})

describe("PassthroughCache under deadlines", () => {
  const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const before = yield* Clock.currentTimeMillis
      const exit = yield* Effect.exit(effect)
      return { exit, took: (yield* Clock.currentTimeMillis) - before }
    })

  it.effect("does not run a background renewal under the deadline of its reader", () => {
    const { far, layer } = setup({ ...minute, maxStale: "1 hour", staleWhileRevalidate: true })
    return Effect.gen(function* () {
      const { kv, far: farStore } = yield* all
      yield* kv.get("a")
      yield* farStore.put("a", "new")
      yield* TestClock.adjust("2 minutes")
      far.steps = [1000]
      assert.strictEqual(yield* Deadline.within(kv.get("a"), 20), "a")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Deadline.within(kv.get("a"), 20), "new")
      assert.isUndefined(far.calls.at(-1)!.deadline)
    }).pipe(Effect.provide(layer))
  })

  it.effect("releases a reader that joined a fill at its own deadline, and continues the fill", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      far.steps = [1000]
      const first = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(20)
      const second = yield* Effect.forkChild(timed(Deadline.within(kv.get("a"), 50)))
      yield* TestClock.adjust(1000)
      const { exit, took } = yield* Fiber.join(second)
      assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual(took, 50)
      assert.strictEqual(yield* Fiber.join(first), "a")
      assert.strictEqual(far.calls.length, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not fail readers that joined a fill when the first reader's deadline passes", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      const { kv } = yield* all
      far.steps = [200]
      const first = yield* Effect.forkChild(Effect.exit(Deadline.within(kv.get("a"), 50)))
      yield* TestClock.adjust(10)
      const second = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(200)
      assert.strictEqual((yield* Fiber.join(first))._tag, "Failure")
      assert.strictEqual(yield* Fiber.join(second), "a")
    }).pipe(Effect.provide(layer))
  })

  for (const step of ["hang", "stuck"] as const) {
    it.effect(`releases readers and writers at their deadline when the cache does not respond (${step})`, () => {
      const { far, near, layer } = setup()
      return Effect.gen(function* () {
        const { kv } = yield* all
        near.always = step
        for (const [operation, outcome] of [
          [kv.get("a"), "Failure"],
          [kv.put("a", "new"), "Success"],
          [kv.delete("b"), "Success"]
        ] as const) {
          const sent = far.calls.length
          const fiber = yield* Effect.forkChild(timed(Deadline.within(operation as Effect.Effect<unknown>, 50)))
          yield* TestClock.adjust(50)
          const { exit, took } = yield* Fiber.join(fiber)
          assert.deepStrictEqual([exit._tag, took], [outcome, 50])
          assert.strictEqual(far.calls.length - sent, outcome === "Success" ? 1 : 0, "nothing is sent at the deadline")
        }
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("continues a removal after its writer's deadline, and never returns the old copy", () => {
    const { far, near, layer } = setup({ cacheTimeout: "10 seconds" })
    return Effect.gen(function* () {
      const { kv, cache } = yield* all
      yield* kv.get("a")
      near.steps = [1000]
      const writer = yield* Effect.forkChild(Deadline.within(kv.put("a", "new"), 50))
      yield* TestClock.adjust(50)
      yield* Fiber.join(writer)
      assert.strictEqual(yield* cache.get("a"), "a", "it is not removed yet")
      const before = far.calls.length
      assert.strictEqual(yield* kv.get("a"), "new")
      assert.strictEqual(far.calls.length, before + 1)
      yield* TestClock.adjust(1000)
      assert.isUndefined(yield* cache.get("a"))
      for (let i = 0; i < 2; i++) assert.strictEqual(yield* kv.get("a"), "new")
      assert.strictEqual(far.calls.length, before + 2, "copies are made again")
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not make an interrupted writer wait for a cache that hangs", () => {
    const { far, near, layer } = setup({ settleTime: "1 minute" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      far.steps = ["midway"]
      near.steps = ["stuck"]
      const writer = yield* Effect.forkChild(kv.put("a", "new"))
      yield* TestClock.adjust(600)
      const { took } = yield* timed(Fiber.interrupt(writer))
      assert.strictEqual(took, 0)
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(Effect.provide(layer))
  })

  it.effect("fills the cache without the deadline and the Bulkhead slot of the reader", () => {
    const { far, layer } = setup()
    return Effect.gen(function* () {
      yield* KeyValue.KeyValue.use((kv) => kv.get("a"))
      assert.deepStrictEqual(
        far.calls.map(({ deadline, holder }) => [deadline, holder]),
        [[undefined, undefined]]
      )
    }).pipe(Effect.provide(layer.pipe(Timeout.wrap("1 second"), Bulkhead.wrap({ maxConcurrent: 1 }))))
  })

  it.effect("starts no fill at or after the deadline of its reader", () => {
    const { far, layer } = setup()
    // As if the event loop had been blocked until the deadline while the cache was read.
    const late = Driver.wrapper(
      Driver.around((call, next) =>
        Effect.withFiber((fiber) => next({ ...call, deadline: Driver.monotonicMillis(fiber.getRef(Clock.Clock)) }))
      )
    )
    return Effect.gen(function* () {
      const error = yield* Effect.flip(KeyValue.KeyValue.use((kv) => kv.get("a")))
      assert.strictEqual(error._tag, "TimeoutError")
      assert.strictEqual(far.calls.length, 0)
    }).pipe(Effect.provide(layer.pipe(late)))
  })

  it.effect("lets no reader join a fill that began more than maxTtl ago", () => {
    const { far, layer } = setup({ maxTtl: 100, missingTtl: 100 })
    return Effect.gen(function* () {
      const { kv, far: farStore } = yield* all
      far.steps = ["midway", "ok"]
      const first = yield* Effect.forkChild(kv.get("a"))
      yield* TestClock.adjust(550)
      yield* farStore.put("a", "new")
      assert.strictEqual(yield* kv.get("a"), "new")
      yield* TestClock.adjust(500)
      assert.strictEqual(yield* Fiber.join(first), "a")
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(Effect.provide(layer))
  })
})
