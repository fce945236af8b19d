/** Tests PassthroughCache when callers are interrupted at any step, callbacks throw, and layers are closed. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { Driver, KeyValue, Maintenance, Memory, PassthroughCache } from "../../../src/index.ts"
import { Marks } from "../../../src/wrappers/passthroughCache/Marks.ts"
import { interruptedBefore } from "../../support/steps.ts"
import { all, setup } from "./setup.ts"

/** Makes calls yield once before the store runs, as if they waited for a network. */
const inTwoTurns = Driver.wrapper(
  Driver.around((call, next) =>
    Effect.andThen(
      Effect.yieldNow,
      Effect.suspend(() => next(call))
    )
  )
)

const turns = (count: number) => Effect.replicateEffect(Effect.yieldNow, count, { discard: true })

type Operation = Effect.Effect<unknown, unknown, KeyValue.KeyValue | Maintenance.Maintenance>

const operations: Readonly<Record<string, Operation>> = {
  get: KeyValue.KeyValue.use((kv) => kv.get("a")),
  getMany: KeyValue.KeyValue.use((kv) => kv.getMany(["a", "b", "x"])),
  put: KeyValue.KeyValue.use((kv) => kv.put("a", "put")),
  putMany: KeyValue.KeyValue.use((kv) =>
    kv.putMany([
      ["a", "put"],
      ["b", "put"]
    ])
  ),
  delete: KeyValue.KeyValue.use((kv) => kv.delete("a")),
  clear: Maintenance.Maintenance.use((maintenance) => maintenance.clear)
}

describe("PassthroughCache after an interruption at any step", { timeout: 120_000 }, () => {
  for (const [name, operation] of Object.entries(operations)) {
    for (const isCached of [false, true]) {
      it.effect(
        `returns the newest value and then copies of it after ${name}, ${isCached ? "with" : "without"} a copy`,
        () =>
          Effect.gen(function* () {
            for (let steps = 4; steps <= 24; steps++) {
              for (let after = 0; after <= 10; after++) {
                let farReads = 0
                const counted = Driver.wrapper(
                  Driver.around((call, next) => {
                    if (call._tag === "get") farReads++
                    return next(call)
                  })
                )
                const layer = Memory.layer({ seed: { default_collection: { a: "a", b: "b" } } }).pipe(
                  counted,
                  inTwoTurns,
                  PassthroughCache.wrap({ cache: Memory.layer().pipe(inTwoTurns), settleTime: 10, missTtl: 1000 })
                )
                yield* Effect.gen(function* () {
                  const kv = yield* KeyValue.KeyValue
                  if (isCached) yield* kv.getMany(["a", "b"])
                  const fiber = yield* Effect.forkChild(
                    Effect.provideService(operation, Scheduler.MaxOpsBeforeYield, steps)
                  )
                  yield* turns(after)
                  yield* Fiber.interrupt(fiber)
                  yield* turns(20)
                  yield* TestClock.adjust(20)
                  yield* kv.put("a", "newest")
                  assert.strictEqual(yield* kv.get("a"), "newest")
                  yield* kv.getMany(["a", "b"])
                  const before = farReads
                  assert.strictEqual((yield* kv.getMany(["a", "b"]))[0], "newest")
                  assert.strictEqual(farReads, before, `yields after ${steps} steps, interrupted after ${after} turns`)
                }).pipe(Effect.provide(layer))
              }
            }
          })
      )
    }
  }

  it.effect("does not return the old copy when a write is interrupted while the copy is being removed", () => {
    const { near, layer } = setup({ cacheTimeout: "1 hour" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      near.steps = ["hang"]
      const writer = yield* Effect.forkChild(kv.put("a", "new"))
      yield* TestClock.adjust(10)
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(writer))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* kv.get("a"), "new")
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(interrupting)
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(Effect.provide(layer))
  })
})

describe("PassthroughCache with callbacks that throw", () => {
  const boom = () => {
    throw new Error("thrown by staleOn")
  }

  it.effect("ends only the one read with a defect when staleOn throws", () => {
    const { far, layer } = setup({ maxTtl: "1 minute", missingTtl: "1 minute", maxStale: "1 hour", staleOn: boom })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      yield* TestClock.adjust("2 minutes")
      far.steps = ["unavailable"]
      const exit = yield* Effect.exit(kv.get("a"))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      for (let i = 0; i < 2; i++) assert.strictEqual(yield* kv.get("a"), "a")
      assert.strictEqual(far.calls.length, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect("logs a defect of a background renewal, fails no reader and continues to renew", () => {
    const { far, layer } = setup({ maxTtl: "1 minute", missingTtl: "1 minute", refreshAhead: "30 seconds" })
    const logged: Array<unknown> = []
    const logger = Logger.make(({ message }) => void logged.push(message))
    return Effect.gen(function* () {
      const { kv, far: farStore } = yield* all
      yield* kv.get("a")
      yield* TestClock.adjust("40 seconds")
      far.steps = ["defect"]
      assert.strictEqual(yield* kv.get("a"), "a")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(logged.length, 1)
      yield* farStore.put("a", "new")
      yield* kv.get("a")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(Effect.provide(Layer.merge(layer, Logger.layer([logger]))))
  })
})

describe("closing PassthroughCache", () => {
  for (const [name, operation] of Object.entries({
    get: (kv: KeyValue.Service) => kv.get("a"),
    put: (kv: KeyValue.Service) => kv.put("a", 1)
  })) {
    it.effect(`ends a ${name} that is under way, and makes later operations fail at once`, () => {
      const { far, near, layer } = setup({ cacheTimeout: 100 })
      return Effect.gen(function* () {
        const scope = yield* Scope.make()
        const kv = Context.get(yield* Layer.buildWithScope(layer, scope), KeyValue.KeyValue)
        for (const slow of [far, near]) slow.always = 200
        const fibers = yield* Effect.replicateEffect(
          Effect.forkChild(Effect.exit(operation(kv) as Effect.Effect<unknown, unknown>)),
          2
        )
        yield* TestClock.adjust(10)
        yield* Scope.close(scope, Exit.void)
        yield* TestClock.adjust(1000)
        yield* Fiber.joinAll(fibers)
        const error = yield* Effect.flip(operation(kv) as Effect.Effect<unknown, { readonly isClosed?: boolean }>)
        assert.isTrue(error.isClosed)
      })
    })
  }

  it.effect("ends removals that run in the background", () => {
    const { far, near, layer } = setup({ cacheTimeout: "1 hour" })
    return Effect.gen(function* () {
      yield* Effect.gen(function* () {
        const { kv } = yield* all
        far.steps = ["hang"]
        near.always = "hang"
        const writer = yield* Effect.forkChild(kv.put("a", 1))
        yield* TestClock.adjust(10)
        yield* Fiber.interrupt(writer)
        yield* TestClock.adjust(10)
        assert.strictEqual(near.calls.at(-1)?._tag, "delete")
        assert.strictEqual(near.interrupted, 0)
      }).pipe(Effect.provide(layer))
      assert.strictEqual(near.interrupted, 1)
    })
  })
})

describe("Marks", () => {
  const names = Array.from({ length: 2500 }, (_, i) => `k${i}`)

  it.live("marks more names than fit into one slice before the effect begins, and none after it", () =>
    Effect.gen(function* () {
      const marks = new Marks()
      const seen = yield* marks.during(names, () => Effect.sync(() => names.filter((name) => marks.has(name)).length))
      assert.strictEqual(seen, 2500)
      assert.isTrue(marks.isEmpty)
    })
  )

  it.live("marks nothing after an interruption at any step", () =>
    Effect.gen(function* () {
      const marks = new Marks()
      for (let step = 1; step <= 30; step++) {
        yield* interruptedBefore(
          step,
          marks.during(names, () => Effect.yieldNow)
        )
        assert.isTrue(marks.isEmpty, `after an interruption before step ${step}`)
      }
    })
  )
})
