/** Tests when CircuitBreaker opens, probes and closes, and which results it counts. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import { TestClock } from "effect/testing"
import {
  CircuitBreaker,
  Deadline,
  Driver,
  Fallback,
  KeyValue,
  type KeyValueError,
  Maintenance,
  Memory,
  Retry,
  Timeout
} from "../../src/index.ts"
import { Circuit, type State, type Verdict } from "../../src/wrappers/circuitBreaker/Circuit.ts"
import { Rate } from "../../src/wrappers/circuitBreaker/Outcomes.ts"
import * as any from "../properties/arbitraries.ts"
import { buildError, faulty, type Step, script } from "../support/faults.ts"
import { metricOf } from "../support/metrics.ts"

const over = (options: CircuitBreaker.Options, ...steps: Array<Step>) => {
  const plan = script(...steps)
  const layer = Memory.layer({ seed: { default_collection: { key: "value" } } }).pipe(
    faulty(plan),
    CircuitBreaker.wrap(options)
  )
  return { plan, layer }
}

const get = KeyValue.KeyValue.use((kv) => kv.get("key"))
const getIn = (collection: string) => KeyValue.KeyValue.use((kv) => kv.get("key", { collection }))

/** The tag of the failure, or `"ok"`. */
const tagOf = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.match(effect, { onSuccess: () => "ok", onFailure: ({ _tag }) => _tag })

const retryAfterOf = (effect: Effect.Effect<unknown, KeyValueError.KeyValueError, KeyValue.KeyValue>) =>
  Effect.map(Effect.flip(effect), (error) =>
    error._tag === "CircuitOpenError" ? Duration.toMillis(error.retryAfter) : error._tag
  )

const times = (n: number, step: Step = "unavailable"): Array<Step> => Array(n).fill(step)

describe("CircuitBreaker", () => {
  it.effect("opens after consecutive failures and then makes no calls to the store", () => {
    const { plan, layer } = over({ trip: { consecutive: 3 } }, "unavailable", "unavailable", "ok", ...times(3))
    return Effect.gen(function* () {
      for (let i = 0; i < 6; i++) assert.strictEqual(yield* tagOf(get), i === 2 ? "ok" : "StoreUnavailableError")
      assert.strictEqual(yield* tagOf(get), "CircuitOpenError")
      assert.strictEqual(plan.calls.length, 6)
    }).pipe(Effect.provide(layer))
  })

  it.effect("opens when the fraction failureRate of the last calls has failed, but not before minCalls calls", () => {
    const steps: Array<Step> = ["unavailable", "unavailable", ...times(3, "ok"), "unavailable", "unavailable"]
    const { plan, layer } = over({ trip: { failureRate: 0.6, minCalls: 4, window: 5 } }, ...steps)
    return Effect.gen(function* () {
      const seen = yield* Effect.replicateEffect(tagOf(get), 9)
      // After two calls, all have failed, but two calls are fewer than minCalls. With the seventh call, 3 of the last 5
      // have failed.
      const [up, down] = ["ok", "StoreUnavailableError"]
      assert.deepStrictEqual(seen, [down, down, up, up, up, down, down, "ok", "ok"])
      plan.steps = times(2)
      assert.deepStrictEqual(yield* Effect.replicateEffect(tagOf(get), 3), [
        down,
        "CircuitOpenError",
        "CircuitOpenError"
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("opens for 5 seconds by default when half of the last 100 calls failed, after at least 20 calls", () => {
    const { plan, layer } = over({}, ...times(20))
    return Effect.gen(function* () {
      yield* Effect.replicateEffect(tagOf(get), 20)
      assert.strictEqual(yield* retryAfterOf(get), 5000)
      assert.strictEqual(plan.calls.length, 20)
    }).pipe(Effect.provide(layer))
  })

  it.effect("fails with an error that names the operation and the time until the next attempt", () => {
    const { layer } = over({ trip: { consecutive: 1 }, openFor: "10 seconds" }, "unavailable")
    return Effect.gen(function* () {
      yield* Effect.flip(get)
      yield* TestClock.adjust(2500)
      const error = yield* Effect.flip(KeyValue.KeyValue.use((kv) => kv.put("a", 1, { collection: "users" })))
      assert.strictEqual(error.message, 'put in collection "users": the circuit is open for another 7s 500ms.')
      assert.strictEqual(error.outcome, "not-applied")
      assert.isTrue(error.retryable)
    }).pipe(Effect.provide(layer))
  })

  it.effect("lets one probe through after openFor and closes when it succeeds", () => {
    const { plan, layer } = over({ trip: { consecutive: 2 }, openFor: 1000 }, ...times(2), 100)
    return Effect.gen(function* () {
      yield* Effect.replicateEffect(tagOf(get), 2)
      yield* TestClock.adjust(999)
      assert.strictEqual(yield* retryAfterOf(get), 1)
      yield* TestClock.adjust(1)
      const probe = yield* Effect.forkChild(get)
      yield* Effect.yieldNow
      const error = yield* Effect.flip(get)
      assert.strictEqual(
        error.message,
        'get in collection "default_collection": the circuit is half-open while a probe checks whether the store has recovered.'
      )
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* Fiber.join(probe), "value")
      assert.strictEqual(plan.calls.length, 3)
      plan.steps = ["unavailable"]
      assert.deepStrictEqual(yield* Effect.replicateEffect(tagOf(get), 2), ["StoreUnavailableError", "ok"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("opens again for longer when a probe fails, up to maxOpenFor", () => {
    const { layer } = over({ trip: { consecutive: 1 }, openFor: 1000, factor: 3, maxOpenFor: 5000 }, ...times(5))
    return Effect.gen(function* () {
      for (const expected of [1000, 3000, 5000, 5000]) {
        assert.strictEqual(yield* tagOf(get), "StoreUnavailableError")
        assert.strictEqual(yield* retryAfterOf(get), expected)
        yield* TestClock.adjust(expected)
      }
    }).pipe(Effect.provide(layer))
  })

  it.effect("opens for only openFor again if it has stayed closed for at least as long as it was last open", () => {
    const steps: Array<Step> = ["unavailable", "unavailable", "ok", "unavailable", "ok", "unavailable"]
    const { layer } = over({ trip: { consecutive: 1 }, openFor: 1000 }, ...steps)
    return Effect.gen(function* () {
      yield* tagOf(get)
      yield* TestClock.adjust(1000)
      yield* tagOf(get)
      assert.strictEqual(yield* retryAfterOf(get), 2000)
      yield* TestClock.adjust(2000)
      assert.strictEqual(yield* tagOf(get), "ok")
      yield* TestClock.adjust(1999)
      yield* tagOf(get)
      assert.strictEqual(yield* retryAfterOf(get), 4000, "it went down again too soon")
      yield* TestClock.adjust(4000)
      assert.strictEqual(yield* tagOf(get), "ok")
      yield* TestClock.adjust(4000)
      yield* tagOf(get)
      assert.strictEqual(yield* retryAfterOf(get), 1000)
    }).pipe(Effect.provide(layer))
  })

  it.effect("lets only the given number of probes through and closes when all of them succeed", () => {
    const { plan, layer } = over({ trip: { consecutive: 1 }, openFor: 1000, probes: 3 }, "unavailable", 10, 20, 30)
    return Effect.gen(function* () {
      yield* tagOf(get)
      yield* TestClock.adjust(1000)
      const fibers = yield* Effect.replicateEffect(Effect.forkChild(tagOf(get)), 5)
      yield* TestClock.adjust(20)
      assert.strictEqual(yield* tagOf(get), "CircuitOpenError", "two of the three probes have ended")
      yield* TestClock.adjust(10)
      const seen = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(seen, ["ok", "ok", "ok", "CircuitOpenError", "CircuitOpenError"])
      assert.strictEqual(yield* tagOf(get), "ok")
      assert.strictEqual(plan.calls.length, 5)
    }).pipe(Effect.provide(layer))
  })

  const interrupted = Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(get)
    yield* Effect.yieldNow
    yield* Fiber.interrupt(fiber)
  })

  it.effect("counts an interrupted call neither as a success nor as a failure", () => {
    const { plan, layer } = over({ trip: { consecutive: 2 } }, "unavailable", "hang", "unavailable")
    return Effect.gen(function* () {
      yield* tagOf(get)
      yield* interrupted
      assert.strictEqual(plan.interrupted, 1)
      assert.strictEqual(yield* tagOf(get), "StoreUnavailableError", "one failure does not open the circuit")
      assert.strictEqual(yield* tagOf(get), "CircuitOpenError", "the failures around the interruption are two in a row")
    }).pipe(Effect.provide(layer))
  })

  for (const [step, after] of [
    ["ok", "ok"],
    ["unavailable", "CircuitOpenError"]
  ] as const) {
    it.effect(`stays half-open when its probe is interrupted, and lets another one decide (${step})`, () => {
      const { plan, layer } = over({ trip: { consecutive: 2 }, openFor: 1000 }, ...times(2), "hang", step)
      return Effect.gen(function* () {
        yield* Effect.replicateEffect(tagOf(get), 2)
        yield* TestClock.adjust(1000)
        yield* interrupted
        assert.strictEqual(plan.interrupted, 1)
        yield* tagOf(get)
        assert.strictEqual(plan.calls.length, 4, "the second probe reached the store")
        assert.strictEqual(yield* tagOf(get), after)
      }).pipe(Effect.provide(layer))
    })
  }

  for (const [name, limit] of Object.entries({ Timeout: Timeout.wrap, Deadline: Deadline.wrap })) {
    it.effect(`counts a call as a failure when an outer ${name} ends it`, () => {
      const { plan, layer } = over({ trip: { consecutive: 2 }, openFor: 1000 }, "hang", "hang", "hang")
      const timedOut = Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(tagOf(get))
        yield* TestClock.adjust(100)
        return yield* Fiber.join(fiber)
      })
      return Effect.gen(function* () {
        assert.deepStrictEqual(yield* Effect.all([timedOut, timedOut]), ["TimeoutError", "TimeoutError"])
        assert.strictEqual(yield* retryAfterOf(get), 1000)
        yield* TestClock.adjust(1000)
        assert.strictEqual(yield* timedOut, "TimeoutError")
        assert.strictEqual(
          yield* retryAfterOf(get),
          2000,
          "a probe that is ended by the outer limit also counts as a failure"
        )
        assert.strictEqual(plan.calls.length, 3)
      }).pipe(Effect.provide(layer.pipe(limit(100))))
    })
  }

  it.effect(
    "counts a StoreError as a success, because the store replied, and ignores errors that say nothing about the store",
    () => {
      const steps: Array<Step> = ["unavailable", "refused", "unavailable", "full", "unavailable"]
      const { layer } = over({ trip: { consecutive: 2 } }, ...steps)
      return Effect.gen(function* () {
        assert.deepStrictEqual(yield* Effect.replicateEffect(tagOf(get), 6), [
          "StoreUnavailableError",
          "StoreError",
          "StoreUnavailableError",
          "BulkheadFullError",
          "StoreUnavailableError",
          "CircuitOpenError"
        ])
      }).pipe(Effect.provide(layer))
    }
  )

  it.effect("counts the errors that isFailure selects", () => {
    const options: CircuitBreaker.Options = {
      trip: { consecutive: 1 },
      isFailure: (error, call) => error._tag === "StoreError" && Driver.isWrite(call)
    }
    const { layer } = over(options, "unavailable", "refused", "refused")
    return Effect.gen(function* () {
      const put = KeyValue.KeyValue.use((kv) => kv.put("key", 1))
      const seen = [yield* tagOf(get), yield* tagOf(get), yield* tagOf(put), yield* tagOf(get)]
      assert.deepStrictEqual(seen, ["StoreUnavailableError", "StoreError", "StoreError", "CircuitOpenError"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("ignores the results of calls that began before it opened", () => {
    const { layer } = over({ trip: { consecutive: 1 }, openFor: 1000 }, 1500, 3000, "unavailable", 600)
    return Effect.gen(function* () {
      const early = yield* Effect.forEach([1, 2], () => Effect.forkChild(tagOf(get)))
      yield* Effect.yieldNow
      yield* tagOf(get)
      yield* TestClock.adjust(1000)
      const probe = yield* Effect.forkChild(get)
      yield* TestClock.adjust(500)
      assert.strictEqual(yield* Fiber.join(early[0]!), "ok")
      assert.strictEqual(yield* tagOf(get), "CircuitOpenError", "only the probe may close it")
      yield* TestClock.adjust(100)
      yield* Fiber.join(probe)
      assert.strictEqual(yield* tagOf(get), "ok")
      yield* TestClock.adjust(1400)
      yield* Fiber.join(early[1]!)
    }).pipe(Effect.provide(layer))
  })

  it.effect('with per: "collection", opens only for the collection whose calls failed', () => {
    const { layer } = over({ trip: { consecutive: 1 }, per: "collection", maxCollections: 2 }, ...times(2))
    return Effect.gen(function* () {
      yield* tagOf(getIn("a"))
      assert.strictEqual(yield* tagOf(getIn("a")), "CircuitOpenError")
      assert.strictEqual(yield* tagOf(getIn("b")), "StoreUnavailableError")
      assert.strictEqual(yield* tagOf(getIn("c")), "ok")
      assert.strictEqual(yield* tagOf(getIn("b")), "CircuitOpenError")
      const maintenance = yield* Maintenance.Maintenance
      assert.strictEqual(yield* tagOf(maintenance.clear), "ok")
    }).pipe(Effect.provide(layer))
  })

  it.effect("shares one circuit among the collections beyond maxCollections", () => {
    const { plan, layer } = over({ trip: { consecutive: 1 }, per: "collection", maxCollections: 2 })
    return Effect.gen(function* () {
      yield* Effect.forEach(["a", "b", "c", "d"], (name) => tagOf(getIn(name)))
      plan.steps = times(1)
      yield* tagOf(getIn("c"))
      const seen = yield* Effect.forEach(["a", "b", "c", "d", "e"], (name) => tagOf(getIn(name)))
      assert.deepStrictEqual(seen, ["ok", "ok", "CircuitOpenError", "CircuitOpenError", "CircuitOpenError"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("counts each call once outside of Timeout and Retry, and lets an outer Fallback take over at once", () => {
    const plan = script(...times(10, "hang"))
    const layer = Memory.layer().pipe(
      faulty(plan),
      Timeout.wrap(1000),
      Retry.wrap({ maxRetries: 1, initialDelay: 100, jitter: false }),
      CircuitBreaker.wrap({ trip: { consecutive: 2 } }),
      Fallback.wrap({ fallback: Memory.layer({ seed: { default_collection: { key: "older" } } }) })
    )
    return Effect.gen(function* () {
      const two = yield* Effect.forkChild(Effect.all([get, get]))
      for (let i = 0; i < 42; i++) yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* Fiber.join(two), ["older", "older"])
      assert.strictEqual(plan.calls.length, 4)
      assert.strictEqual(yield* get, "older")
      assert.strictEqual(plan.calls.length, 4)
    }).pipe(Effect.provide(layer))
  })

  it.effect("reports its state, its transitions and rejected calls as metrics", () => {
    const store = { "db.system.name": "memory", "db.namespace": "sessions" }
    const state = "effect_kv.circuit_breaker.state"
    const options: CircuitBreaker.Options = { trip: { consecutive: 1 }, per: "collection", store: "sessions" }
    const program = Effect.gen(function* () {
      yield* tagOf(getIn("b"))
      yield* tagOf(getIn("a"))
      yield* Effect.replicateEffect(tagOf(getIn("a")), 3)
      assert.deepStrictEqual(yield* metricOf("effect_kv.circuit_breaker.circuits"), [
        [{ ...store, [state]: "closed" }, 1],
        [{ ...store, [state]: "open" }, 1],
        [{ ...store, [state]: "half_open" }, 0]
      ])
      assert.deepStrictEqual(yield* metricOf("effect_kv.circuit_breaker.rejected"), [[store, 3]])
      yield* TestClock.adjust("5 seconds")
      yield* tagOf(getIn("a"))
      assert.deepStrictEqual(
        yield* metricOf("effect_kv.circuit_breaker.transitions"),
        // The circuit of `b` stays closed. Its counters are 0, so that a rate over them is not missing.
        (
          [
            ["b", 0],
            ["a", 1]
          ] as const
        ).flatMap(([collection, count]) =>
          ["closed", "open", "half_open"].map(
            (to) => [{ ...store, [state]: to, "db.collection.name": collection }, count] as const
          )
        )
      )
    })
    return Effect.gen(function* () {
      yield* Effect.provide(program, over(options, "ok", "unavailable").layer)
      assert.deepStrictEqual(yield* metricOf("effect_kv.circuit_breaker.circuits"), [], "the layer is gone")
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  })

  it.effect("rejects invalid options when the layer is built", () =>
    Effect.gen(function* () {
      const bad: ReadonlyArray<CircuitBreaker.Options> = [
        { trip: { consecutive: 0 } },
        { trip: { failureRate: 0 } },
        { trip: { failureRate: 1.01 } },
        { trip: { failureRate: Number.NaN } },
        { trip: { minCalls: 0 } },
        { trip: { minCalls: 11, window: 10 } },
        { trip: { window: 1e9 } },
        { openFor: 0 },
        { openFor: Duration.infinity },
        { maxOpenFor: -1 },
        { factor: 0.9 },
        { probes: 0 },
        { per: "key" as "store" },
        { maxCollections: 0 }
      ]
      for (const options of bad) {
        const error = yield* buildError(Memory.layer().pipe(CircuitBreaker.wrap(options)))
        assert.strictEqual(error._tag, "StoreSetupError", JSON.stringify(options))
        assert.include(error.message, "CircuitBreaker: ")
      }
    })
  )
})

describe("a circuit", () => {
  it.prop(
    "lets through all calls while closed, no calls while open, and at most the remaining probes while half-open",
    [Arbitrary.array(any.pick("enter", "success", "failure", "none", "wait"), { maxLength: 60 })],
    ([steps]) => {
      const probes = 2
      const circuit = new Circuit(
        new Rate(0.5, 2, 4),
        { openFor: 10, factor: 2, maxOpenFor: 40, probes },
        () => (inside = 0)
      )
      const calls: Array<State> = []
      let now = 0
      let inside = 0
      for (const step of steps) {
        if (step === "wait") now += 10
        else if (step === "enter") {
          const wait = circuit.enter(now)
          if (circuit.state._tag === "half_open") {
            assert.strictEqual(wait === undefined, inside < probes)
            if (wait === undefined) inside++
          } else assert.strictEqual(wait === undefined, circuit.state._tag === "closed")
          if (wait === undefined) calls.push(circuit.state)
          else assert.isAtLeast(wait, 0)
        } else if (calls.length > 0) {
          const entered = calls.shift()!
          const { state } = circuit
          circuit.leave(
            entered,
            () => step as Verdict,
            () => now
          )
          if (state._tag === "half_open" && entered === circuit.state && step === "none") inside--
        }
      }
    }
  )
})
