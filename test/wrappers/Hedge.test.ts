/** Tests when Hedge sends a second attempt of a read, and which of the two results it returns. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Atomic, Driver, Enumeration, Hedge, KeyValue, KeyValueError, Memory, Timeout } from "../../src/index.ts"
import { Observed } from "../../src/wrappers/hedge/Observed.ts"
import { buildError } from "../support/faults.ts"
import { metricOf } from "../support/metrics.ts"
import { ended, passing } from "../support/time.ts"

/** How long an attempt takes and how it ends. Default end: success. */
type Attempt = readonly [millis: number, end?: "unavailable" | "refused" | "defect"]

/** A store whose next calls follow `attempts`. Later calls return at once. */
const over = (options: Hedge.Options, ...attempts: Array<Attempt>) => {
  const plan = { attempts, calls: 0, interrupted: 0 }
  const failure = (end: Attempt[1], place: KeyValueError.Place) =>
    end === "defect"
      ? Effect.die("a bug")
      : end === "refused"
        ? Effect.fail(new KeyValueError.StoreError({ ...place, reason: "scripted" }))
        : Effect.fail(new KeyValueError.StoreUnavailableError({ ...place, reason: "scripted", sent: true }))
  const acting = Driver.wrapper(
    Driver.around(<C extends Driver.Call, A, E>(call: C, next: Driver.Next<C, A, E>) =>
      Effect.suspend(() => {
        plan.calls++
        const [millis, end] = plan.attempts.shift() ?? [0]
        const outcome: Effect.Effect<A, E | KeyValueError.CommonError> =
          end === undefined ? next(call) : failure(end, call.place)
        return Effect.onInterrupt(millis === 0 ? outcome : Effect.delay(outcome, millis), () =>
          Effect.sync(() => plan.interrupted++)
        )
      })
    )
  )
  const layer = Memory.layer({ seed: { default_collection: { key: "value" } } }).pipe(acting, Hedge.wrap(options))
  return { plan, layer }
}

const always = { after: 50, maxExtra: 1 } as const

const get = KeyValue.KeyValue.use((kv) => kv.get("key"))

describe("Hedge", () => {
  it.effect("sends a read once when it returns in time", () => {
    const { plan, layer } = over(always, [0], [40])
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* passing(ended(get)), ["value", 0])
      assert.deepStrictEqual(yield* passing(ended(get)), ["value", 40])
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(plan.calls, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("sends a second attempt of a slow read, returns the first success and interrupts the other attempt", () => {
    const { plan, layer } = over(always, [1000], [30], [70], [1000])
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* passing(ended(get)), ["value", 80], "the second one")
      assert.deepStrictEqual([plan.calls, plan.interrupted], [2, 1])
      assert.deepStrictEqual(yield* passing(ended(get)), ["value", 70], "the first one")
      assert.deepStrictEqual([plan.calls, plan.interrupted], [4, 2])
    }).pipe(Effect.provide(layer))
  })

  const cases: ReadonlyArray<readonly [string, ReadonlyArray<Attempt>, readonly [string, number], number]> = [
    [
      "returns a failure at once when it comes before the second attempt is due",
      [[20, "unavailable"]],
      ["StoreUnavailableError", 20],
      1
    ],
    ["waits for the second attempt when the first one fails", [[60, "unavailable"], [40]], ["value", 90], 2],
    ["waits for the first attempt when the second one fails", [[90], [10, "unavailable"]], ["value", 90], 2],
    [
      "returns the first attempt's error when both fail, the first one earlier",
      [
        [60, "refused"],
        [40, "unavailable"]
      ],
      ["StoreError", 90],
      2
    ],
    [
      "returns the first attempt's error when both fail, the second one earlier",
      [
        [90, "refused"],
        [10, "unavailable"]
      ],
      ["StoreError", 90],
      2
    ],
    [
      "returns the first attempt's error when both fail, the second one at once",
      [
        [90, "refused"],
        [0, "unavailable"]
      ],
      ["StoreError", 90],
      2
    ],
    ["returns the value of a second attempt that succeeds at once", [[90], [0]], ["value", 50], 2],
    ["returns the value of the second attempt when the first one dies", [[60, "defect"], [40]], ["value", 90], 2]
  ]
  for (const [name, attempts, expected, calls] of cases) {
    it.effect(name, () => {
      const { plan, layer } = over(always, ...attempts)
      return Effect.gen(function* () {
        assert.deepStrictEqual(yield* passing(ended(get)), expected)
        assert.strictEqual(plan.calls, calls)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(plan.calls, calls)
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("hedges every kind of read, but neither writes nor enumerations", () => {
    const { plan, layer } = over(always)
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const enumeration = yield* Enumeration.Enumeration
      const atomic = yield* Atomic.Atomic
      const callsOf = Effect.fnUntraced(function* (operation: Effect.Effect<unknown, unknown>) {
        plan.calls = 0
        plan.attempts = [[60]]
        yield* passing(operation)
        return plan.calls
      })
      const reads = [kv.get("key"), kv.getMany(["key", "b"]), kv.ttl("key"), kv.ttlMany(["key"])]
      const others = [
        kv.put("key", 1),
        kv.putMany([["key", 1]]),
        kv.delete("key"),
        kv.deleteMany(["key"]),
        atomic.putIfAbsent("new", 1),
        Stream.runDrain(enumeration.keys())
      ]
      for (const operation of reads) assert.strictEqual(yield* callsOf(operation), 2)
      for (const operation of others) assert.strictEqual(yield* callsOf(operation), 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("interrupts both attempts when the caller is interrupted", () => {
    const { plan, layer } = over(always, [1000], [1000], [1000])
    return Effect.gen(function* () {
      const interruptedAfter = Effect.fnUntraced(function* (millis: number) {
        const fiber = yield* Effect.forkChild(get)
        yield* TestClock.adjust(millis)
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("1 minute")
        return [plan.calls, plan.interrupted]
      })
      assert.deepStrictEqual(yield* interruptedAfter(60), [2, 2])
      assert.deepStrictEqual(yield* interruptedAfter(40), [3, 3])
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns the result even if the other attempt cannot be interrupted", () => {
    const plan = { calls: 0 }
    const stuck = Driver.wrapper(
      Driver.around((call, next) => (plan.calls++ === 0 ? Effect.uninterruptible(Effect.never) : next(call)))
    )
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* passing(ended(get)), [undefined, 50])
    }).pipe(Effect.provide(Memory.layer().pipe(stuck, Hedge.wrap(always))))
  })

  it.effect("gives each attempt its own limit when it is outside of Timeout", () => {
    const attempts: Array<Attempt> = [[1000], [80]]
    const { layer } = over({}, ...attempts)
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* passing(ended(get)), ["value", 130])
    }).pipe(Effect.provide(layer.pipe(Timeout.wrap(100), Hedge.wrap(always))))
  })

  it.effect("sends second attempts for at most maxExtra of the reads, and saves up at most ten", () => {
    const { plan, layer } = over({ after: 50, maxExtra: 0.25 })
    const slowReads = Effect.fnUntraced(function* (n: number) {
      plan.calls = 0
      for (let i = 0; i < n; i++) {
        plan.attempts = [[60], [60]]
        yield* passing(get)
      }
      return plan.calls - n
    })
    return Effect.gen(function* () {
      assert.strictEqual(yield* slowReads(3), 0)
      assert.strictEqual(yield* slowReads(1), 1)
      assert.strictEqual(yield* slowReads(40), 10)
      yield* Effect.replicateEffect(get, 1000)
      assert.strictEqual(yield* slowReads(10), 10)
      assert.strictEqual(yield* slowReads(20), 7)
    }).pipe(Effect.provide(layer))
  })

  it.effect("hedges reads that are slower than the given percentile, and none before that is known", () => {
    const { plan, layer } = over({ after: { percentile: 0.9 }, maxExtra: 1 })
    return Effect.gen(function* () {
      for (let i = 0; i < 175; i++) {
        plan.attempts = [[i % 20 === 6 ? 1000 : 20]]
        yield* passing(get)
      }
      assert.strictEqual(plan.calls, 175)
      plan.attempts = [[1000], [30]]
      const [, millis] = yield* passing(ended(get))
      assert.strictEqual(plan.calls, 177)
      assert.approximately(millis, 20 + 30, 11)
    }).pipe(Effect.provide(layer))
  })

  it.effect("ignores failures when it measures how long reads take", () => {
    const { plan, layer } = over({ after: { percentile: 0.5 }, maxExtra: 1 })
    return Effect.gen(function* () {
      for (let i = 0; i < 400; i++) {
        plan.attempts = [i % 2 === 0 ? [100] : [10, "unavailable"]]
        yield* passing(Effect.exit(get))
      }
      plan.calls = 0
      plan.attempts = [[90]]
      yield* passing(get)
      assert.strictEqual(plan.calls, 1)
      plan.attempts = [[120]]
      yield* passing(get)
      assert.strictEqual(plan.calls, 3)
    }).pipe(Effect.provide(layer))
  })

  it("estimates the percentile from the latest reads", () => {
    const observed = new Observed(0.95)
    const add = (n: number, millis: number) => {
      for (let i = 0; i < n; i++) observed.add(millis * 1e6)
    }
    add(24, 10)
    assert.isUndefined(observed.millis)
    add(226, 10)
    assert.approximately(observed.millis!, 10, 0.1)
    add(12, 50)
    add(13, 10)
    assert.approximately(observed.millis!, 10, 0.1, "4.4 % of the last 275 took longer")
    add(25, 50)
    assert.approximately(observed.millis!, 50, 0.5, "12 % of the last 300")
    add(475, 10)
    assert.approximately(observed.millis!, 10, 0.1)
    add(500, 1)
    assert.approximately(observed.millis!, 1, 0.01, "nothing of before is left")
  })

  it.effect("counts second attempts and how many of them won", () =>
    Effect.gen(function* () {
      yield* passing(Effect.all([get, get, get]))
      const store = { "db.system.name": "memory", "db.namespace": "sessions" }
      assert.deepStrictEqual(yield* metricOf("effect_kv.hedge.sent"), [[store, 2]])
      assert.deepStrictEqual(yield* metricOf("effect_kv.hedge.won"), [[store, 1]])
    }).pipe(
      Effect.provide(over({ ...always, store: "sessions" }, [1000], [30], [60], [1000], [0]).layer),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )

  it.effect("rejects invalid options when the layer is built", () =>
    Effect.gen(function* () {
      const bad: ReadonlyArray<Hedge.Options> = [
        { after: 0 },
        { after: Duration.infinity },
        { after: { percentile: 0 } },
        { after: { percentile: 1 } },
        { after: { percentile: Number.NaN } },
        { maxExtra: -0.1 },
        { maxExtra: 1.1 }
      ]
      for (const options of bad) {
        const error = yield* buildError(Memory.layer().pipe(Hedge.wrap(options)))
        assert.strictEqual(error._tag, "StoreSetupError", JSON.stringify(options))
        assert.include(error.message, "Hedge: ")
      }
    })
  )
})
