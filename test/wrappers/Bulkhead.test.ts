/** Tests how many calls Bulkhead runs and queues, and which it rejects. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Scheduler from "effect/Scheduler"
import { TestClock } from "effect/testing"
import { Bulkhead, Deadline, Driver, KeyValue, Memory, Retry, Timeout } from "../../src/index.ts"
import * as any from "../properties/arbitraries.ts"
import { buildError, faulty, type Step, script } from "../support/faults.ts"
import { metricOf } from "../support/metrics.ts"

const over = (options: Bulkhead.Options, ...steps: Array<Step>) => {
  const plan = script(...steps)
  return { plan, layer: Memory.layer().pipe(faulty(plan), Bulkhead.wrap(options)) }
}

const get = (key: string) => KeyValue.KeyValue.use((kv) => kv.get(key))

/** `"ok"`, or the tag of the error with which a read ended. */
const outcomeOf = <E extends { readonly _tag: string }>(fiber: Fiber.Fiber<unknown, E>) =>
  Effect.map(Fiber.await(fiber), (exit) =>
    Exit.match(exit, {
      onSuccess: () => "ok",
      onFailure: ({ reasons: [reason] }) => (reason?._tag === "Fail" ? reason.error._tag : reason?._tag)
    })
  )

const keysOf = (calls: ReadonlyArray<Driver.Call>) => calls.flatMap((call) => ("keys" in call ? call.keys : []))

describe("Bulkhead", () => {
  it.effect("runs at most maxConcurrent calls at a time, and the others in the order of arrival", () => {
    const { plan, layer } = over({ maxConcurrent: 2 }, 100, 50, 50, 50, 50)
    return Effect.gen(function* () {
      const fibers = yield* Effect.forEach(["a", "b", "c", "d", "e"], (key) => Effect.forkChild(get(key)))
      yield* Effect.yieldNow
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "b"])
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "b", "c"])
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "b", "c", "d", "e"])
      yield* TestClock.adjust(50)
      yield* Effect.forEach(fibers, Fiber.join)
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not run a new call before calls that are waiting", () => {
    const { plan, layer } = over({ maxConcurrent: 1 }, 50, 50)
    return Effect.gen(function* () {
      yield* Effect.forEach(["a", "b"], (key) => Effect.forkChild(get(key)))
      // When `a` ends, its slot belongs to `b`, even before `b` runs.
      const late = yield* Effect.forkChild(Effect.andThen(Effect.sleep(50), get("late")))
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "b"])
      yield* TestClock.adjust(50)
      yield* Fiber.join(late)
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "b", "late"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("rejects a call at once when the queue is full", () => {
    const { plan, layer } = over({ maxConcurrent: 1, maxQueue: 2 }, 50)
    return Effect.gen(function* () {
      const fibers = yield* Effect.forEach(["a", "b", "c"], (key) => Effect.forkChild(get(key)))
      yield* Effect.yieldNow
      const put = KeyValue.KeyValue.use((kv) => kv.put("d", 1))
      const error = yield* Effect.flip(put)
      assert.strictEqual(
        error.message,
        'put in collection "default_collection": 3 calls are running or waiting already.'
      )
      assert.strictEqual(error.outcome, "not-applied")
      yield* TestClock.adjust(50)
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "b", "c"])
      yield* put
    }).pipe(Effect.provide(layer))
  })

  it.effect("rejects a call that has waited for maxWait", () => {
    const { plan, layer } = over({ maxConcurrent: 1, maxWait: 100 }, 150)
    return Effect.gen(function* () {
      yield* Effect.forkChild(get("a"))
      yield* Effect.yieldNow
      const b = yield* Effect.forkChild(Effect.flip(get("b")))
      yield* TestClock.adjust(99)
      const c = yield* Effect.forkChild(get("c"))
      yield* Effect.yieldNow
      assert.isUndefined(b.pollUnsafe())
      yield* TestClock.adjust(1)
      const error = yield* Fiber.join(b)
      assert.strictEqual(
        error.message,
        'get in collection "default_collection": too many calls are running, and this one could not start within 100ms.'
      )
      yield* TestClock.adjust(50)
      yield* Fiber.join(c)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "c"])
      yield* get("d")
    }).pipe(Effect.provide(layer))
  })

  it.effect("runs 100 calls and queues 1,000 for a second by default", () => {
    const { plan, layer } = over({}, ...Array<Step>(100).fill("hang"))
    return Effect.gen(function* () {
      const fibers = yield* Effect.replicateEffect(Effect.forkChild(get("a")), 1101)
      yield* Effect.yieldNow
      assert.strictEqual(plan.calls.length, 100)
      assert.strictEqual(yield* outcomeOf(fibers[1100]!), "BulkheadFullError")
      yield* TestClock.adjust(999)
      assert.isUndefined(fibers[1099]!.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* outcomeOf(fibers[1099]!), "BulkheadFullError")
      assert.isUndefined(fibers[99]!.pollUnsafe())
    }).pipe(Effect.provide(layer))
  })

  it.effect("frees the slot or the queue position of an interrupted call", () => {
    const { plan, layer } = over({ maxConcurrent: 1, maxQueue: 1 }, "hang")
    return Effect.gen(function* () {
      const a = yield* Effect.forkChild(get("a"))
      const b = yield* Effect.forkChild(get("b"))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(b)
      const c = yield* Effect.forkChild(get("c"))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(a)
      yield* Fiber.join(c)
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "c"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("passes the slot on when a call is interrupted just as its turn comes", () => {
    const { plan, layer } = over({ maxConcurrent: 1 }, 50)
    return Effect.gen(function* () {
      const a = yield* Effect.forkChild(get("a"))
      const b = yield* Effect.forkChild(get("b"))
      const c = yield* Effect.forkChild(get("c"))
      yield* Effect.yieldNow
      a.addObserver(() => b.interruptUnsafe())
      yield* TestClock.adjust(50)
      yield* Fiber.join(c)
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "c"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("frees the slot of a failed call and returns its error", () => {
    const { layer } = over({ maxConcurrent: 1, maxQueue: 0 }, "unavailable", "refused")
    return Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(get("a")))._tag, "StoreUnavailableError")
      assert.strictEqual((yield* Effect.flip(get("a")))._tag, "StoreError")
      yield* get("a")
    }).pipe(Effect.provide(layer))
  })

  it.effect("lets the same effect run several times concurrently", () => {
    const { layer } = over({ maxConcurrent: 2 }, 50, 50, 50)
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const read = kv.get("a")
      const fiber = yield* Effect.forkChild(Effect.all([read, read, read], { concurrency: 3 }))
      yield* TestClock.adjust(50)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(50)
      yield* Fiber.join(fiber)
    }).pipe(Effect.provide(layer))
  })

  it.effect("empties a long queue without recursion", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const gated = Driver.wrapper(Driver.around((call, next) => Effect.andThen(Deferred.await(gate), next(call))))
      yield* Effect.gen(function* () {
        const fibers = yield* Effect.replicateEffect(Effect.forkChild(get("a")), 20_000)
        yield* Effect.yieldNow
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.forEach(fibers, Fiber.join)
      }).pipe(Effect.provide(Memory.layer().pipe(gated, Bulkhead.wrap({ maxConcurrent: 1, maxQueue: 20_000 }))))
    })
  )

  for (const ops of [3, 4, 5, 6, 7]) {
    it.effect(`completes every call when fibers yield after ${ops} operations`, () => {
      const { layer } = over({ maxConcurrent: 1 })
      return Effect.gen(function* () {
        const yielding = Effect.provideService(get("a"), Scheduler.MaxOpsBeforeYield, ops)
        const fibers = yield* Effect.replicateEffect(Effect.forkChild(yielding), 5)
        yield* Effect.replicateEffect(Effect.yieldNow, 1000)
        yield* TestClock.adjust("1 minute")
        for (const fiber of fibers) assert.strictEqual(yield* outcomeOf(fiber), "ok")
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("lets an outer Retry repeat rejected calls", () => {
    const plan = script(100)
    const layer = Memory.layer().pipe(
      faulty(plan),
      Bulkhead.wrap({ maxConcurrent: 1, maxQueue: 0 }),
      Retry.wrap({ initialDelay: 150, jitter: false })
    )
    return Effect.gen(function* () {
      yield* Effect.forkChild(get("a"))
      yield* Effect.yieldNow
      const b = yield* Effect.forkChild(get("b"))
      yield* TestClock.adjust(150)
      yield* Fiber.join(b)
      assert.deepStrictEqual(keysOf(plan.calls), ["a", "b"])
    }).pipe(Effect.provide(layer))
  })

  it.effect.prop(
    "keeps its limit and the order of calls, and holds nothing afterwards, under random interruptions",
    [Arbitrary.array(Arbitrary.all([any.pick("start", "interrupt", "wait"), any.integer(0, 9)]), { maxLength: 60 })],
    ([steps]) => {
      const running = new Set<string>()
      let most = 0
      const begun: Array<string> = []
      const watched = Driver.wrapper(
        Driver.around((call, next) =>
          Effect.suspend(() => {
            const [key] = keysOf([call]) as [string]
            begun.push(key)
            running.add(key)
            most = Math.max(most, running.size)
            const millis = (Number(key) % 3) * 10
            return Effect.ensuring(
              Effect.andThen(Effect.sleep(millis), next(call)),
              Effect.sync(() => running.delete(key))
            )
          })
        )
      )
      return Effect.gen(function* () {
        const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
        for (const [step, n] of steps) {
          if (step === "start") fibers.push(yield* Effect.forkChild(Effect.exit(get(String(fibers.length)))))
          else if (step === "interrupt") fibers.at(-1 - n)?.interruptUnsafe()
          else yield* TestClock.adjust(n)
          yield* Effect.yieldNow
        }
        yield* TestClock.adjust("1 minute")
        yield* Effect.forEach(fibers, Fiber.await)
        const order = begun.map(Number)
        assert.deepStrictEqual(
          order,
          order.toSorted((a, b) => a - b)
        )
        assert.strictEqual(running.size, 0)
        assert.isAtMost(most, 2)
        // No slot and no queue position is held any more.
        const all = yield* Effect.replicateEffect(Effect.forkChild(get("0")), 5)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Effect.forEach(all, outcomeOf)).filter((it) => it === "ok").length, 5)
      }).pipe(
        Effect.provide(Memory.layer().pipe(watched, Bulkhead.wrap({ maxConcurrent: 2, maxQueue: 3, maxWait: 25 })), {
          local: true
        })
      )
    }
  )

  it.effect("reports running and waiting calls and counts rejected ones as metrics", () => {
    const store = { "db.system.name": "memory", "db.namespace": "sessions" }
    const options = { maxConcurrent: 2, maxQueue: 2, maxWait: 100, store: "sessions" }
    const program = Effect.gen(function* () {
      const fibers = yield* Effect.forEach(["a", "b", "c", "d", "e"], (key) => Effect.forkChild(get(key)))
      yield* Effect.yieldNow
      const calls = (running: number, waiting: number) =>
        Object.entries({ running, waiting }).map(
          ([state, n]) => [{ ...store, "effect_kv.bulkhead.state": state }, n] as const
        )
      assert.deepStrictEqual(yield* metricOf("effect_kv.bulkhead.calls"), calls(2, 2))
      yield* TestClock.adjust(150)
      yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(yield* metricOf("effect_kv.bulkhead.calls"), calls(0, 0))
      const last = yield* Effect.replicateEffect(Effect.forkChild(get("f")), 3)
      yield* Effect.yieldNow
      yield* Fiber.interrupt(last[2]!)
      yield* TestClock.adjust(150)
      assert.deepStrictEqual(yield* metricOf("effect_kv.bulkhead.rejected"), [
        [{ ...store, "effect_kv.bulkhead.reason": "queue_full" }, 1],
        [{ ...store, "effect_kv.bulkhead.reason": "max_wait" }, 2]
      ])
    })
    return Effect.gen(function* () {
      yield* Effect.provide(program, over(options, ...Array<Step>(4).fill(150)).layer)
      assert.deepStrictEqual(yield* metricOf("effect_kv.bulkhead.calls"), [], "the layer is gone")
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  })

  it.effect("keeps the slot of a call whose caller was released until the call has ended", () => {
    let running = 0
    let most = 0
    /** Makes calls take a second, which no interruption shortens. */
    const stubborn = Driver.wrapper(
      Driver.around((call, next) =>
        Effect.uninterruptible(
          Effect.ensuring(
            Effect.suspend(() => {
              most = Math.max(most, ++running)
              return Effect.andThen(Effect.sleep("1 second"), next(call))
            }),
            Effect.sync(() => running--)
          )
        )
      )
    )
    const store = Memory.layer().pipe(stubborn)
    const limited = {
      Timeout: store.pipe(Timeout.wrap("10 millis")),
      "Retry of a Timeout": store.pipe(Timeout.wrap("10 millis"), Retry.wrap({ maxRetries: 1, jitter: false })),
      Deadline: store.pipe(Deadline.wrap("10 millis")),
      "Bulkhead of a Timeout": store.pipe(Timeout.wrap("10 millis"), Bulkhead.wrap())
    }
    return Effect.gen(function* () {
      for (const [name, inner] of Object.entries(limited)) {
        running = most = 0
        const layer = inner.pipe(Bulkhead.wrap({ maxConcurrent: 2, maxWait: "1 minute" }))
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const callers = yield* Effect.forEach(["a", "b", "c", "d", "e"], (key) =>
            Effect.forkChild(Effect.exit(kv.get(key)))
          )
          yield* TestClock.adjust("20 millis")
          assert.strictEqual(
            callers.filter((caller) => caller.pollUnsafe() !== undefined).length > 0,
            name !== "Retry of a Timeout"
          )
          yield* TestClock.adjust("10 seconds")
          yield* Effect.forEach(callers, (caller) => Fiber.join(caller))
        }).pipe(Effect.provide(layer))
        // The attempts of one call share its slot, and two of them may overlap.
        assert.isAtMost(most, name === "Retry of a Timeout" ? 4 : 2, name)
        assert.strictEqual(running, 0, name)
      }
    })
  })

  it.effect("rejects invalid options when the layer is built", () =>
    Effect.gen(function* () {
      const bad: ReadonlyArray<Bulkhead.Options> = [
        { maxConcurrent: 0 },
        { maxConcurrent: 1.5 },
        { maxQueue: -1 },
        { maxWait: 0 },
        { maxWait: Duration.infinity }
      ]
      for (const options of bad) {
        const error = yield* buildError(Memory.layer().pipe(Bulkhead.wrap(options)))
        assert.strictEqual(error._tag, "StoreSetupError", JSON.stringify(options))
        assert.include(error.message, "Bulkhead: ")
      }
    })
  )
})
