/** Tests which calls Retry repeats, how long it pauses, and how its budget limits retries. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import { Atomic, Deadline, Driver, KeyValue, KeyValueError, Memory, Retry, Timeout } from "../../src/index.ts"
import { Budget } from "../../src/wrappers/retry/Budget.ts"
import * as any from "../properties/arbitraries.ts"
import { buildError, faulty, type Step, script } from "../support/faults.ts"
import { metricOf } from "../support/metrics.ts"

const over = (steps: ReadonlyArray<Step>, options?: Retry.Options) => {
  const plan = script(...steps)
  const layer = Memory.layer({ seed: { default_collection: { key: "value" } } }).pipe(faulty(plan), Retry.wrap(options))
  return { plan, layer }
}

const get = KeyValue.KeyValue.use((kv) => kv.get("key"))

/** Advances the clock until an effect ends, and returns its exit and the milliseconds that it took. */
const timed = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  let millis = 0
  yield* Effect.yieldNow
  while (fiber.pollUnsafe() === undefined && millis < 120_000) {
    yield* TestClock.adjust(1)
    millis++
  }
  return { exit: yield* Fiber.await(fiber), millis }
})

describe("Retry", () => {
  it.effect("returns the value of the first attempt that succeeds [R1]", () => {
    const { plan, layer } = over(["unavailable", "unavailable"], { jitter: false })
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(get)
      yield* TestClock.adjust("300 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "value")
      assert.strictEqual(plan.calls.length, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect("fails with the last error after maxRetries [R2]", () => {
    const { plan, layer } = over(Array(10).fill("unavailable"), { maxRetries: 2 })
    return Effect.gen(function* () {
      const { exit } = yield* timed(Effect.flip(get))
      assert.strictEqual(exit._tag === "Success" ? exit.value._tag : "", "StoreUnavailableError")
      assert.strictEqual(plan.calls.length, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect("fails a write with an unknown outcome when an earlier attempt may have applied it", () =>
    Effect.gen(function* () {
      const put = KeyValue.KeyValue.use((kv) => kv.put("key", 2))
      const outcomeAfter = (...steps: ReadonlyArray<Step>) =>
        Effect.map(timed(Effect.flip(Effect.provide(put, over(steps, { maxRetries: 2 }).layer))), ({ exit }) =>
          exit._tag === "Success" ? [exit.value._tag, (exit.value as { readonly outcome?: unknown }).outcome] : []
        )
      for (const steps of [
        ["lost", "unavailable", "unavailable"],
        ["unavailable", "lost", "unavailable"],
        ["unavailable", "unavailable", "lost"],
        ["lost", "refused"]
      ] as const) {
        assert.deepStrictEqual(yield* outcomeAfter(...steps), ["StoreUnavailableError", "unknown"], steps.join())
      }
      assert.deepStrictEqual(yield* outcomeAfter("unavailable", "refused"), ["StoreError", "not-applied"])
      assert.deepStrictEqual(yield* outcomeAfter("unavailable", "unavailable", "unavailable"), [
        "StoreUnavailableError",
        "not-applied"
      ])
    })
  )

  it.effect("does not retry errors that are not retryable or that the option while excludes [R3]", () =>
    Effect.gen(function* () {
      const refused = over(["refused"])
      assert.strictEqual((yield* Effect.flip(Effect.provide(get, refused.layer)))._tag, "StoreError")
      assert.strictEqual(refused.plan.calls.length, 1)
      const unwanted = over(["unavailable"], { while: (error) => error._tag === "TimeoutError" })
      yield* Effect.flip(Effect.provide(get, unwanted.layer))
      assert.strictEqual(unwanted.plan.calls.length, 1)
    })
  )

  it.effect("makes a single call when nothing fails [R4]", () => {
    const { plan, layer } = over([])
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("a", 1)
      assert.strictEqual(yield* kv.get("a"), 1)
      assert.strictEqual(plan.calls.length, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("doubles the pause after each attempt, from initialDelay up to maxDelay [R5, R6]", () => {
    const { layer } = over(Array(5).fill("unavailable"), {
      maxRetries: 5,
      initialDelay: "1 second",
      maxDelay: "10 seconds",
      jitter: false
    })
    return Effect.gen(function* () {
      const { millis } = yield* timed(get)
      assert.strictEqual(millis, 1000 + 2000 + 4000 + 8000 + 10_000)
    }).pipe(Effect.provide(layer))
  })

  it.effect("varies each pause between 80 and 120 % with jitter", () => {
    const { layer } = over(["unavailable"], { initialDelay: "10 seconds", maxDelay: "10 seconds" })
    return Effect.gen(function* () {
      const { millis } = yield* timed(get).pipe(Random.withSeed("jitter"))
      assert.isAtLeast(millis, 8000)
      assert.isAtMost(millis, 12_000)
      assert.notStrictEqual(millis, 10_000)
    }).pipe(Effect.provide(layer))
  })

  it.effect("never makes a pause overflow, however many attempts there are", () => {
    const { plan, layer } = over(Array(1200).fill("unavailable"), {
      maxRetries: 1200,
      initialDelay: 1,
      maxDelay: 2,
      jitter: false,
      budget: false
    })
    return Effect.gen(function* () {
      const { exit, millis } = yield* timed(get)
      assert.deepStrictEqual(exit, Exit.succeed("value"))
      assert.strictEqual(plan.calls.length, 1201)
      assert.strictEqual(millis, 1 + 1199 * 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("uses a given schedule instead of its own pauses and maxRetries", () => {
    const { plan, layer } = over(Array(10).fill("unavailable"), {
      schedule: Schedule.upTo(Schedule.spaced("1 second"), { times: 6 })
    })
    return Effect.gen(function* () {
      const { millis } = yield* timed(Effect.flip(get))
      assert.strictEqual(plan.calls.length, 7)
      assert.strictEqual(millis, 6000)
    }).pipe(Effect.provide(layer))
  })

  it.effect("retries every operation, including writes", () => {
    const { plan, layer } = over([], { jitter: false })
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const operations: ReadonlyArray<Effect.Effect<unknown, KeyValueError.KeyValueError>> = [
        kv.put("a", 1),
        kv.putMany([["a", 1]]),
        kv.get("a"),
        kv.getMany(["a"]),
        kv.ttl("a"),
        kv.ttlMany(["a"]),
        kv.delete("a"),
        kv.deleteMany(["a"])
      ]
      for (const operation of operations) {
        plan.steps = ["unavailable"]
        const fiber = yield* Effect.forkChild(operation)
        yield* TestClock.adjust(100)
        yield* Fiber.join(fiber)
      }
      assert.strictEqual(plan.calls.length, 16)
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns false from a retried delete whose first reply was lost", () => {
    const { layer } = over(["lost"], { jitter: false })
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const fiber = yield* Effect.forkChild(kv.delete("key"))
      yield* TestClock.adjust(100)
      assert.isFalse(yield* Fiber.join(fiber))
      assert.isUndefined(yield* kv.get("key"))
    }).pipe(Effect.provide(layer))
  })

  it.effect("never repeats a conditional write whose outcome is unknown", () => {
    const { plan, layer } = over(["lost"])
    return Effect.gen(function* () {
      const atomic = yield* Atomic.Atomic
      const error = yield* Effect.flip(atomic.putIfAbsent("new", 1))
      assert.strictEqual(error.outcome, "unknown")
      assert.strictEqual(plan.calls.length, 1)
      plan.steps = ["unavailable"]
      const fiber = yield* Effect.forkChild(atomic.putIfAbsent("other", 1))
      yield* TestClock.adjust(200)
      assert.isTrue(yield* Fiber.join(fiber))
    }).pipe(Effect.provide(layer))
  })

  it.effect("makes no further attempt when the caller is interrupted", () => {
    const { plan, layer } = over(Array(10).fill("unavailable"))
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(get)
      yield* TestClock.adjust(50)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(plan.calls.length, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("rejects invalid options when the layer is built", () =>
    Effect.gen(function* () {
      const bad: ReadonlyArray<Retry.Options> = [
        { maxRetries: -1 },
        { maxRetries: 1.5 },
        { initialDelay: 0 },
        { initialDelay: Duration.infinity },
        { maxDelay: Number.NaN },
        { factor: 0.5 },
        { factor: Number.POSITIVE_INFINITY },
        { budget: { ratio: -0.1 } },
        { budget: { ratio: Number.POSITIVE_INFINITY } },
        { budget: { minPerSecond: Number.NaN } }
      ]
      for (const options of bad) {
        const error = yield* buildError(Memory.layer().pipe(Retry.wrap(options)))
        assert.strictEqual(error._tag, "StoreSetupError", JSON.stringify(options))
        assert.include(error.message, "Retry")
      }
    })
  )
})

/** A store whose calls all fail with the error that `make` builds. */
const failingWith = (make: (place: KeyValueError.Place) => KeyValueError.CommonError) => {
  const plan = { calls: 0 }
  const layer = Memory.layer().pipe(
    Driver.wrapper(
      Driver.around((call) =>
        Effect.suspend(() => {
          plan.calls++
          return Effect.fail(make(call.place))
        })
      )
    )
  )
  return { plan, layer }
}

describe("Retry with time limits", () => {
  const steady = { maxRetries: 10, initialDelay: "1 second", factor: 1, jitter: false } as const

  for (const [name, limit] of Object.entries({ Timeout: Timeout.wrap, Deadline: Deadline.wrap })) {
    it.effect(`makes no attempt after the limit of an outer ${name}, and fails without waiting for it`, () => {
      const plan = script(...Array<Step>(10).fill("unavailable"))
      const layer = Memory.layer().pipe(faulty(plan), Retry.wrap(steady), limit("3500 millis"))
      return Effect.gen(function* () {
        const { exit, millis } = yield* timed(Effect.flip(get))
        assert.strictEqual(exit._tag === "Success" ? exit.value._tag : "", "StoreUnavailableError")
        assert.strictEqual(millis, 3000)
        assert.strictEqual(plan.calls.length, 4)
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("makes no attempt that would begin exactly at the limit", () => {
    const plan = script(...Array<Step>(10).fill("unavailable"))
    const layer = Memory.layer().pipe(faulty(plan), Retry.wrap(steady), Timeout.wrap("2 seconds"))
    return Effect.gen(function* () {
      const { exit, millis } = yield* timed(Effect.flip(get))
      assert.strictEqual(exit._tag === "Success" ? exit.value._tag : "", "StoreUnavailableError")
      assert.deepStrictEqual([millis, plan.calls.length], [1000, 2])
    }).pipe(Effect.provide(layer))
  })

  it.effect("makes no attempt when a stall made the pause last beyond the deadline", () => {
    const plan = script("unavailable")
    const deadline = Driver.around((call, next) => next({ ...call, deadline: Driver.monotonicMillis(clock) + 1500 }))
    let elapsed = 0
    const clock: Clock.Clock = Object.assign(Object.create(Clock.Clock.defaultValue()), {
      monotonicTimeNanosUnsafe: () => BigInt(elapsed) * 1_000_000n,
      sleep: () => Effect.sync(() => void (elapsed += 2000))
    })
    return Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provideService(get, Clock.Clock, clock))
      assert.strictEqual(error._tag, "StoreUnavailableError")
      assert.deepStrictEqual([elapsed, plan.calls.length], [2000, 1])
    }).pipe(Effect.provide(Memory.layer().pipe(faulty(plan), Retry.wrap(steady), Driver.wrapper(deadline))))
  })

  const afterSeconds = (seconds: number) =>
    failingWith((place) => new KeyValueError.CircuitOpenError({ ...place, retryAfter: Duration.seconds(seconds) }))

  it.effect("waits for the time in an error's retryAfter", () => {
    const { plan, layer } = afterSeconds(4)
    return Effect.gen(function* () {
      const { exit, millis } = yield* timed(Effect.flip(get))
      assert.strictEqual(exit._tag === "Success" ? exit.value._tag : "", "CircuitOpenError")
      assert.deepStrictEqual([millis, plan.calls], [8000, 3])
    }).pipe(Effect.provide(layer.pipe(Retry.wrap({ maxRetries: 2, jitter: false }))))
  })

  it.effect("waits for its own pause when that is longer than retryAfter", () => {
    const { plan, layer } = afterSeconds(0.5)
    return Effect.gen(function* () {
      assert.strictEqual((yield* timed(Effect.flip(get))).millis, 2000)
      assert.strictEqual(plan.calls, 3)
    }).pipe(Effect.provide(layer.pipe(Retry.wrap({ ...steady, maxRetries: 2 }))))
  })

  it.effect("fails at once when retryAfter is longer than maxDelay", () => {
    const { plan, layer } = afterSeconds(10)
    return Effect.gen(function* () {
      assert.strictEqual((yield* timed(Effect.flip(get))).millis, 0)
      assert.strictEqual(plan.calls, 1)
    }).pipe(Effect.provide(layer.pipe(Retry.wrap({ maxDelay: "9999 millis" }))))
  })
})

describe("the budget of Retry", () => {
  const down = failingWith(
    (place) => new KeyValueError.StoreUnavailableError({ ...place, reason: "down", sent: false })
  )

  it.effect("limits retries in an outage to 20 % of the calls plus 10 per second", () =>
    Effect.gen(function* () {
      const seconds = 60
      const perSecond = 200
      down.plan.calls = 0
      const once = Effect.forkChild(Effect.ignore(get))
      for (let i = 0; i < seconds * perSecond; i++) {
        yield* once
        yield* TestClock.adjust(1000 / perSecond)
      }
      yield* TestClock.adjust("1 minute")
      const first = seconds * perSecond
      const retries = down.plan.calls - first
      assert.isAtMost(retries, first * 0.2 + 10 * seconds + 100)
      assert.isAtLeast(retries, first * 0.2)
      const attributes = { "db.system.name": "memory", "db.namespace": "sessions" }
      assert.deepStrictEqual(yield* metricOf("effect_kv.retry.retries"), [[attributes, retries]])
      // Each call either made all three of its retries or was refused one by the budget.
      const [exhausted] = yield* metricOf("effect_kv.retry.budget_exhausted")
      assert.deepStrictEqual(exhausted![0], attributes)
      assert.isAtLeast(exhausted![1]!, first - retries / 3)
    }).pipe(
      Effect.provide(down.layer.pipe(Retry.wrap({ store: "sessions", jitter: false }))),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )

  it.effect("is shared by all callers, and makes errors return at once when it is spent", () => {
    const { plan, layer } = over(Array(5).fill("unavailable"), {
      jitter: false,
      budget: { ratio: 0, minPerSecond: 0.2 }
    })
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.all([get, get]))
      yield* TestClock.adjust(100)
      yield* TestClock.adjust(200)
      assert.strictEqual(plan.calls.length, 3)
      assert.deepStrictEqual(fiber.pollUnsafe()?._tag, "Failure")
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual((yield* timed(Effect.flip(get))).millis, 0)
      yield* TestClock.adjust("5 seconds")
      plan.steps = ["unavailable"]
      assert.strictEqual((yield* timed(get)).millis, 100)
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not limit retries when it is false", () => {
    const { layer } = over(Array(2000).fill("unavailable"), {
      maxRetries: 2000,
      maxDelay: 1,
      jitter: false,
      budget: false
    })
    return Effect.gen(function* () {
      assert.deepStrictEqual((yield* timed(get)).exit, Exit.succeed("value"))
    }).pipe(Effect.provide(layer))
  })

  it("grows with calls and loses unused retries over time", () => {
    const budget = new Budget(0.2, 0, 0)
    const takeAll = (now: number) => {
      let taken = 0
      while (budget.take(now)) taken++
      return taken
    }
    assert.strictEqual(takeAll(0), 0)
    budget.calls = 4
    assert.strictEqual(takeAll(1000), 0)
    budget.calls = 1
    assert.strictEqual(takeAll(1000), 1)
    budget.calls = 100
    assert.strictEqual(takeAll(20_000), 100 * 0.2 * (10 / 19) - ((100 * 0.2 * (10 / 19)) % 1))
    budget.calls = 50
    assert.isTrue(budget.take(20_000))
    assert.strictEqual(takeAll(25_000), 4)
    budget.calls = 50
    assert.isTrue(budget.take(25_000))
    assert.strictEqual(takeAll(40_000), 0)
    assert.strictEqual(takeAll(0), 0, "a clock that was set back")
  })

  it.prop(
    "never allows more retries than its share of the calls, in any order of calls and retries",
    [
      Arbitrary.array(Arbitrary.all([any.integer(0, 20_000), any.integer(0, 500), any.integer(0, 500)]), {
        maxLength: 50
      })
    ],
    ([steps]) => {
      const budget = new Budget(0.2, 10, 0)
      let [now, calls, taken] = [0, 0, 0]
      for (const [pause, more, wanted] of steps) {
        now += pause
        calls += more
        budget.calls += more
        for (let i = 0; i < wanted; i++) if (budget.take(now)) taken++
        assert.isAtMost(taken, calls * 0.2 + (now / 1000) * 10 + 100 + 1e-6)
      }
    }
  )
})
