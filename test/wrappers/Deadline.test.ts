/** Tests that Deadline limits the time of one call or of several calls together. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import { TestClock } from "effect/testing"
import { Bulkhead, Deadline, KeyValue, Memory, Retry, Timeout } from "../../src/index.ts"
import { buildError, faulty, type Step, script } from "../support/faults.ts"
import { metricOf } from "../support/metrics.ts"
import { ended, passing } from "../support/time.ts"

const over = (limit: Duration.Input | undefined, ...steps: Array<Step>) => {
  const plan = script(...steps)
  return { plan, layer: Memory.layer().pipe(faulty(plan), Deadline.wrap(limit, { store: "sessions" })) }
}

const get = Effect.as(
  KeyValue.KeyValue.use((kv) => kv.get("key")),
  "ok"
)
const put = Effect.as(
  KeyValue.KeyValue.use((kv) => kv.put("key", 1)),
  "ok"
)

describe("Deadline", () => {
  it.effect("limits an operation even if the store hangs or cannot be interrupted", () => {
    const { plan, layer } = over(100, 50, "hang", "stuck")
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* passing(ended(get)), ["ok", 50])
      assert.deepStrictEqual(yield* passing(ended(get)), ["TimeoutError", 100])
      assert.strictEqual(plan.interrupted, 1)
      assert.deepStrictEqual(yield* passing(ended(get)), ["TimeoutError", 100])
    }).pipe(Effect.provide(layer))
  })

  it.effect("limits all attempts and pauses together, and allows no attempt afterwards", () => {
    const plan = script(...Array<Step>(10).fill("hang"))
    const layer = Memory.layer().pipe(
      faulty(plan),
      Timeout.wrap(100),
      Retry.wrap({ maxRetries: 9, initialDelay: 50, factor: 1, jitter: false }),
      Deadline.wrap(380)
    )
    return Effect.gen(function* () {
      // The attempts end at 100 ms, at 250 ms and, cut short by the deadline, at 380 ms.
      const fiber = yield* Effect.forkChild(Effect.flip(put))
      yield* TestClock.adjust(370)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(10)
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(
        error.message,
        'put in collection "default_collection": no answer within 380ms. The write may still be applied.'
      )
      assert.strictEqual(error.outcome, "unknown")
      assert.strictEqual(plan.calls.length, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect("includes the time that a call waits in a Bulkhead", () => {
    const plan = script("hang")
    const layer = Memory.layer().pipe(faulty(plan), Bulkhead.wrap({ maxConcurrent: 1 }), Deadline.wrap(100))
    return Effect.gen(function* () {
      const first = yield* Effect.forkChild(ended(get))
      yield* TestClock.adjust(10)
      const second = yield* Effect.forkChild(ended(get).pipe(Deadline.within(50)))
      const third = yield* Effect.forkChild(ended(get))
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(yield* Fiber.join(second), ["TimeoutError", 50])
      yield* TestClock.adjust(40)
      assert.deepStrictEqual(yield* Fiber.join(first), ["TimeoutError", 100])
      assert.deepStrictEqual(yield* Fiber.join(third), ["ok", 90])
      assert.strictEqual(plan.calls.length, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("gives several operations one common deadline with within", () => {
    const { plan, layer } = over(undefined, 40, 40, "stuck", 40)
    return Effect.gen(function* () {
      const four = Effect.all([ended(get), ended(get), ended(put), ended(put)])
      assert.deepStrictEqual(yield* passing(Deadline.within(four, 100)), [
        ["ok", 40],
        ["ok", 40],
        ["TimeoutError", 20],
        ["TimeoutError", 0]
      ])
      assert.strictEqual(plan.calls.length, 3, "what found no time left was not sent")
      assert.deepStrictEqual(yield* passing(ended(get)), ["ok", 40], "outside there is no limit")
    }).pipe(Effect.provide(layer))
  })

  it.effect("fails a call as not applied when no time is left for it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Deadline.within(put, 0))
      assert.strictEqual(error.message, 'put in collection "default_collection": no time was left to start it.')
      assert.strictEqual(error.outcome, "not-applied")
      assert.strictEqual((yield* ended(put.pipe(Deadline.within(-5))))[0], "TimeoutError")
    }).pipe(Effect.provide(over("1 second").layer))
  )

  it.effect("uses the earliest of nested budgets, its own limit and the limit of an outer Timeout", () => {
    const plan = script()
    const layer = Memory.layer().pipe(faulty(plan), Deadline.wrap(300))
    const deadlineOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.map(effect, () => plan.calls.at(-1)!.deadline! - 5000)
    return Effect.gen(function* () {
      yield* TestClock.setTime(5000)
      const deadlines = yield* Effect.all([
        deadlineOf(get),
        deadlineOf(get.pipe(Deadline.within(200))),
        deadlineOf(get.pipe(Deadline.within(200), Deadline.within(100))),
        deadlineOf(get.pipe(Deadline.within(100), Deadline.within(200))),
        deadlineOf(get.pipe(Deadline.within(400)))
      ]).pipe(Effect.provide(layer))
      assert.deepStrictEqual(deadlines, [300, 200, 100, 100, 300])
      const outside = deadlineOf(get).pipe(Effect.provide(layer.pipe(Timeout.wrap(50))))
      assert.strictEqual(yield* outside, 50)
    })
  })

  it.effect("starts the budget each time the effect runs, and shares it with forked fibers", () => {
    const { layer } = over(undefined, ...Array<Step>(6).fill(60))
    return Effect.gen(function* () {
      const once = ended(get).pipe(Deadline.within(100))
      assert.deepStrictEqual(yield* passing(Effect.all([once, once])), [
        ["ok", 60],
        ["ok", 60]
      ])
      const twice = Effect.all([ended(get), ended(get)])
      const forked = Effect.flatMap(Effect.all([Effect.forkChild(twice), Effect.forkChild(twice)]), Fiber.joinAll)
      const one = [
        ["ok", 60],
        ["TimeoutError", 40]
      ]
      assert.deepStrictEqual(yield* passing(Deadline.within(forked, 100)), [one, one] as never)
    }).pipe(Effect.provide(layer))
  })

  it.effect("releases each call at its own deadline", () => {
    const { layer } = over(500, ...Array<Step>(20).fill("stuck"))
    return Effect.gen(function* () {
      const budgets = [300, 700, 50, 500, 120, 120, 10]
      const all = Effect.forEach(budgets, (millis) => Deadline.within(ended(get), millis), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        yield* passing(all),
        budgets.map((millis) => ["TimeoutError", Math.min(500, millis)] as const)
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("interrupts the operation when the caller is interrupted", () => {
    const { plan, layer } = over(100, "hang")
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(get)
      yield* TestClock.adjust(50)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(plan.interrupted, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("counts calls that exceeded their deadline as a metric", () =>
    Effect.gen(function* () {
      yield* passing(ended(get))
      yield* passing(ended(get))
      yield* ended(get).pipe(Deadline.within(0))
      const store = { "db.system.name": "memory", "db.namespace": "sessions" }
      assert.deepStrictEqual(yield* metricOf("effect_kv.deadline.exceeded"), [[store, 2]])
    }).pipe(Effect.provide(over(100, 50, "hang").layer), Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("rejects a limit that is not positive and finite when the layer is built", () =>
    Effect.gen(function* () {
      for (const limit of [0, -1, Number.NaN, Duration.infinity]) {
        const error = yield* buildError(Memory.layer().pipe(Deadline.wrap(limit)))
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.include(error.message, "Deadline: ")
      }
    })
  )
})
