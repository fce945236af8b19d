/** Tests Timeout: its limit, its errors, and drivers that enforce the limit themselves. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { Limit } from "../../src/driver/Call.ts"
import { Driver, Enumeration, KeyValue, type KeyValueError, Memory, Retry, Timeout } from "../../src/index.ts"
import { buildError, faulty, type Step, script } from "../support/faults.ts"

const over = (steps: ReadonlyArray<Step>, limit: Duration.Input = "100 millis") => {
  const plan = script(...steps)
  const layer = Memory.layer({ seed: { default_collection: { key: "value" } } }).pipe(faulty(plan), Timeout.wrap(limit))
  return { plan, layer }
}

describe("Timeout", () => {
  it.effect(
    "fails a slow operation with TimeoutError, which names the operation, the collection and the limit [TO1]",
    () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const fiber = yield* Effect.forkChild(Effect.flip(kv.get("key", { collection: "users" })))
        yield* TestClock.adjust("99 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error._tag, "TimeoutError")
        assert.strictEqual(error.message, 'get in collection "users": no answer within 100ms.')
        assert.isTrue(error.retryable)
        assert.isUndefined("outcome" in error ? error.outcome : null)
      }).pipe(Effect.provide(over([1000]).layer))
  )

  it.effect("returns the result of an operation that ends within the limit [TO2]", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const fiber = yield* Effect.forkChild(kv.get("key"))
      yield* TestClock.adjust("50 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "value")
      assert.strictEqual(yield* kv.get("key"), "value")
    }).pipe(Effect.provide(over([50]).layer))
  )

  it.effect("limits every operation and fails writes with an unknown outcome [TO3]", () => {
    const { plan, layer } = over([])
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const enumeration = yield* Enumeration.Enumeration
      const reads: ReadonlyArray<Effect.Effect<unknown, KeyValueError.KeyValueError>> = [
        kv.get("a"),
        kv.getMany(["a"]),
        kv.ttl("a"),
        kv.ttlMany(["a"]),
        Stream.runDrain(enumeration.keys())
      ]
      const writes = [kv.put("a", 1), kv.putMany([["a", 1]]), kv.delete("a"), kv.deleteMany(["a"])]
      for (const operation of [...reads, ...writes]) {
        plan.steps = ["hang"]
        const fiber = yield* Effect.forkChild(
          Effect.flip(operation as Effect.Effect<unknown, KeyValueError.KeyValueError>)
        )
        yield* TestClock.adjust("100 millis")
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error._tag, "TimeoutError")
        assert.strictEqual(
          (error as KeyValueError.TimeoutError).outcome,
          reads.includes(operation) ? undefined : "unknown"
        )
      }
    }).pipe(Effect.provide(layer))
  })

  it.effect("releases the caller at the limit although the store cannot be interrupted", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const fiber = yield* Effect.forkChild(Effect.flip(kv.get("key")))
      yield* TestClock.adjust("100 millis")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "TimeoutError")
    }).pipe(Effect.provide(over(["stuck"]).layer))
  )

  it.effect("releases each caller at its own limit when many calls are waiting", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const started = yield* Clock.currentTimeMillis
      const sinceStart = Effect.map(Clock.currentTimeMillis, (now) => now - started)
      const released = Effect.andThen(Effect.flip(kv.get("key")), sinceStart)
      const again = yield* Effect.forkChild(Effect.all([released, released]))
      yield* TestClock.adjust("30 millis")
      const others = yield* Effect.forkChild(Effect.replicateEffect(released, 20, { concurrency: "unbounded" }))
      for (let i = 0; i < 20; i++) yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(yield* Fiber.join(again), [100, 200])
      assert.deepStrictEqual(yield* Fiber.join(others), Array(20).fill(130))
    }).pipe(Effect.provide(over(Array(22).fill("stuck")).layer))
  )

  it.effect("interrupts the operation at the limit, and when the caller is interrupted", () => {
    const { plan, layer } = over(["hang", "hang"])
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const fiber = yield* Effect.forkChild(Effect.flip(kv.get("key")))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.join(fiber)
      yield* Effect.yieldNow
      assert.strictEqual(plan.interrupted, 1)
      const waiting = yield* Effect.forkChild(kv.get("key"))
      yield* TestClock.adjust("50 millis")
      yield* Fiber.interrupt(waiting)
      yield* Effect.yieldNow
      assert.strictEqual(plan.interrupted, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("passes the earliest deadline to the calls below it", () => {
    const plan = script()
    const layer = Memory.layer().pipe(faulty(plan), Timeout.wrap("1 second"), Timeout.wrap("100 millis"))
    return Effect.gen(function* () {
      yield* TestClock.setTime(5000)
      const kv = yield* KeyValue.KeyValue
      yield* kv.get("key")
      assert.strictEqual(plan.calls[0]!.deadline, 5100)
    }).pipe(Effect.provide(layer))
  })

  it.effect("passes on failures of the store unchanged", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      assert.strictEqual((yield* Effect.flip(kv.get("key")))._tag, "StoreUnavailableError")
    }).pipe(Effect.provide(over(["unavailable"]).layer))
  )

  it.effect("limits operations to 5 seconds by default", () => {
    const plan = script("hang")
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const fiber = yield* Effect.forkChild(Effect.flip(kv.get("key")))
      yield* TestClock.adjust(4999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "TimeoutError")
    }).pipe(Effect.provide(Memory.layer().pipe(faulty(plan), Timeout.wrap())))
  })

  it.effect("rejects a limit that is not positive and finite when the layer is built", () =>
    Effect.gen(function* () {
      for (const limit of [0, -1, Number.NaN, Duration.infinity]) {
        assert.strictEqual((yield* buildError(Memory.layer().pipe(Timeout.wrap(limit))))._tag, "StoreSetupError")
      }
    })
  )
})

describe("Timeout over a driver that enforces limits itself", () => {
  /** A driver whose reads end when the test calls their function in `answers`, or at the limit. */
  const waiting = (limits: Array<Limit | undefined>, answers: Array<() => void> = [], due: Array<unknown> = []) =>
    Layer.flatMap(Memory.layer(), (context) => {
      const driver: Driver.Driver = {
        ...Context.get(context, KeyValue.KeyValue).driver,
        get: (call) => {
          limits.push(call.limit)
          return Effect.callback((resume) => {
            const stop = call.limit?.start((failure) => {
              due.push(failure)
              resume(failure)
            })
            answers.push(() => {
              stop?.()
              resume(Effect.succeed([undefined]))
            })
          })
        }
      }
      return Driver.layer(Effect.succeed(Driver.declareWaits(driver, "within-limit")))
    })

  it.effect("passes the limit to the driver, which ends the call at that time", () => {
    const limits: Array<Limit | undefined> = []
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const fiber = yield* Effect.forkChild(Effect.flip(kv.get("key")))
      yield* TestClock.adjust("99 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.message, 'get in collection "default_collection": no answer within 100ms.')
      assert.isDefined(limits[0])
    }).pipe(Effect.provide(waiting(limits).pipe(Timeout.wrap("100 millis"))))
  })

  it.effect("applies one limit to all waits of a call, and none between them", () => {
    const limits: Array<Limit | undefined> = []
    const answers: Array<() => void> = []
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const fiber = yield* Effect.forkChild(kv.get("key"))
      yield* TestClock.adjust("60 millis")
      answers[0]!()
      assert.isUndefined(yield* Fiber.join(fiber))
      const failures: Array<Exit.Exit<never, KeyValueError.TimeoutError>> = []
      yield* TestClock.adjust("10 millis")
      limits[0]!.start((failure) => failures.push(failure))
      yield* TestClock.adjust("29 millis")
      assert.lengthOf(failures, 0)
      yield* TestClock.adjust("1 millis")
      assert.lengthOf(failures, 1)
      limits[0]!.start((failure) => failures.push(failure))
      assert.lengthOf(failures, 1)
      yield* TestClock.adjust("1 millis")
      assert.lengthOf(failures, 2)
      limits[0]!.start((failure) => failures.push(failure))()
      yield* TestClock.adjust("1 second")
      assert.lengthOf(failures, 2)
    }).pipe(Effect.provide(waiting(limits, answers).pipe(Timeout.wrap("100 millis"))))
  })

  it.effect("keeps the limit after an interruption until the driver stops waiting", () => {
    const answers: Array<() => void> = []
    const due: Array<unknown> = []
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const fiber = yield* Effect.forkChild(kv.get("key"))
      yield* TestClock.adjust("60 millis")
      yield* Fiber.interrupt(fiber)
      const other = yield* Effect.forkChild(kv.get("other"))
      yield* TestClock.adjust("10 millis")
      yield* Fiber.interrupt(other)
      answers[0]!()
      yield* TestClock.adjust("89 millis")
      assert.lengthOf(due, 0)
      yield* TestClock.adjust("1 second")
      assert.lengthOf(due, 1)
    }).pipe(Effect.provide(waiting([], answers, due).pipe(Timeout.wrap("100 millis"))))
  })

  for (const [name, wrap] of [
    ["a wrapper that waits itself, such as Retry", (store: ReturnType<typeof waiting>) => store.pipe(Retry.wrap())],
    [
      "a wrapper that has copied the driver",
      (store: ReturnType<typeof waiting>) => store.pipe(Driver.wrapper((driver) => ({ ...driver })))
    ]
  ] as const) {
    it.effect(`does not pass its limit to the driver through ${name}`, () => {
      const limits: Array<Limit | undefined> = []
      return Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const fiber = yield* Effect.forkChild(Effect.flip(kv.get("key")))
        yield* TestClock.adjust("100 millis")
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "TimeoutError")
        assert.deepStrictEqual(limits, [undefined])
      }).pipe(Effect.provide(wrap(waiting(limits)).pipe(Timeout.wrap("100 millis"))))
    })
  }

  it.effect("limits a wrapper that waits itself around a driver that never waits, and copies that driver", () => {
    const slow = Driver.wrapper((driver) => ({
      ...driver,
      get: (call) => Effect.andThen(Effect.sleep("1 second"), driver.get(call))
    }))
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const fiber = yield* Effect.forkChild(Effect.flip(kv.get("key")))
      yield* TestClock.adjust("100 millis")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "TimeoutError")
    }).pipe(Effect.provide(Memory.layer().pipe(slow, Timeout.wrap("100 millis"))))
  })

  it.effect("adds nothing to a driver that never waits", () =>
    Effect.gen(function* () {
      const { driver } = yield* KeyValue.KeyValue
      const wrapped = yield* Layer.build(Layer.succeedContext(Driver.toContext(driver)).pipe(Timeout.wrap("1 second")))
      assert.deepStrictEqual({ ...Context.get(wrapped, KeyValue.KeyValue).driver }, { ...driver })
    }).pipe(Effect.provide(Memory.layer()))
  )
})
