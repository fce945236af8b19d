/** Tests that a function of the user that throws ends only its own call, with a defect, and leaves nothing held. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import {
  Bulkhead,
  CircuitBreaker,
  type Driver,
  Fallback,
  KeyValue,
  type KeyValueError,
  Memory,
  PassthroughCache,
  Retry,
  Routing
} from "../../src/index.ts"
import { faulty, type Script, script } from "../support/faults.ts"

class Thrown extends Error {
  override readonly name = "Thrown"
}

/** A function that throws while `state.throws` is set. */
const throwing = <Args extends ReadonlyArray<unknown>, A>(otherwise: (...args: Args) => A) => {
  const state = { throws: true }
  const callback = (...args: Args): A => {
    if (state.throws) throw new Thrown("by a callback")
    return otherwise(...args)
  }
  return { state, callback }
}

interface Case {
  readonly state: { throws: boolean }
  readonly layer: (plan: Script) => Layer.Layer<KeyValue.KeyValue, KeyValueError.StoreSetupError>
  /** Which operations call the function. Default: all. */
  readonly operations?: ReadonlyArray<"get" | "put" | "delete">
}

const store = (plan: Script) => Memory.layer().pipe(faulty(plan))

/** Has one slot only, so that a slot that is not freed makes later calls fail. */
const narrow = Bulkhead.wrap({ maxConcurrent: 1, maxQueue: 0 })

const cases: Readonly<Record<string, () => Case>> = {
  "Retry.while": () => {
    const { state, callback } = throwing((_: KeyValueError.KeyValueError, __: Driver.Call) => true)
    return { state, layer: (plan) => store(plan).pipe(Retry.wrap({ while: callback, maxRetries: 1 }), narrow) }
  },
  "Retry.schedule": () => {
    const { state, callback } = throwing(() => true)
    const schedule = Schedule.while(Schedule.recurs(1), callback)
    return { state, layer: (plan) => store(plan).pipe(Retry.wrap({ schedule }), narrow) }
  },
  "CircuitBreaker.isFailure": () => {
    const { state, callback } = throwing(() => true)
    const circuit = CircuitBreaker.wrap({ isFailure: callback, trip: { consecutive: 2 }, openFor: "1 second" })
    return { state, layer: (plan) => store(plan).pipe(narrow, circuit) }
  },
  "PassthroughCache.staleOn": () => {
    const { state, callback } = throwing(() => true)
    const cache = Memory.layer()
    return {
      state,
      operations: ["get"],
      layer: (plan) =>
        store(plan).pipe(
          PassthroughCache.wrap({ cache, maxTtl: 1, missingTtl: 1, maxStale: "1 hour", staleOn: callback }),
          narrow
        )
    }
  },
  "Fallback.fallbackOn": () => {
    const { state, callback } = throwing(() => true)
    return {
      state,
      layer: (plan) =>
        store(plan).pipe(
          Fallback.wrap({ fallback: Memory.layer(), fallbackOn: callback, writeToFallback: true }),
          narrow
        )
    }
  },
  "Fallback.fallbackOn, with recovery": () => {
    const { state, callback } = throwing(() => true)
    return {
      state,
      layer: (plan) =>
        store(plan).pipe(Fallback.wrap({ fallback: Memory.layer(), fallbackOn: callback, recovery: {} }), narrow)
    }
  },
  "Routing.route": () => {
    const { state, callback } = throwing(() => undefined)
    return {
      state,
      layer: (plan) => store(plan).pipe(Routing.wrap({ stores: { other: Memory.layer() }, route: callback }), narrow)
    }
  }
}

describe("a callback that throws", () => {
  for (const [name, make] of Object.entries(cases)) {
    it.effect(`ends its call with a defect and leaves nothing held: ${name}`, () => {
      const { state, layer, operations = ["get", "put", "delete"] } = make()
      const plan = script()
      return Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const all = { get: () => kv.get("a"), put: () => kv.put("a", 1), delete: () => kv.delete("a") }
        const run = (operation: keyof typeof all): Effect.Effect<unknown, unknown> => {
          // The function must not throw here, where the effect is only built.
          const effect = all[operation]()
          return effect
        }
        state.throws = false
        yield* kv.put("a", 0)
        yield* kv.get("a")
        yield* TestClock.adjust(10)
        state.throws = true
        plan.always = "unavailable"
        for (const operation of [...operations, ...operations]) {
          const exit = yield* Effect.exit(run(operation))
          assert.isTrue(Exit.isFailure(exit) && isThrown(exit.cause), `${operation}: ${String(exit)}`)
        }
        plan.always = undefined
        state.throws = false
        yield* TestClock.adjust("1 minute")
        for (const operation of operations) yield* run(operation)
      }).pipe(Effect.provide(layer(plan)))
    })
  }

  it.effect("ends all callers that share its load with a defect, and later callers load again: getOrSet", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const { state, callback } = throwing(() => 1)
      const load = Effect.andThen(Effect.yieldNow, Effect.sync(callback))
      const exits = yield* Effect.all(
        Array.from({ length: 10 }, () => Effect.exit(kv.getOrSet("a", load))),
        { concurrency: "unbounded" }
      )
      for (const exit of exits) assert.isTrue(Exit.isFailure(exit) && isThrown(exit.cause))
      state.throws = false
      assert.strictEqual(yield* kv.getOrSet("a", load), 1)
    }).pipe(Effect.provide(Memory.layer().pipe(narrow)))
  )

  it.effect("neither opens a circuit nor keeps it from closing: CircuitBreaker.isFailure", () => {
    const { state, callback } = throwing(() => true)
    const plan = script()
    const layer = Memory.layer().pipe(
      faulty(plan),
      CircuitBreaker.wrap({ isFailure: callback, trip: { consecutive: 1 }, openFor: "1 second" })
    )
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      state.throws = false
      plan.steps = ["unavailable", "unavailable"]
      yield* Effect.flip(kv.get("a"))
      assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "CircuitOpenError")
      yield* TestClock.adjust("1 second")
      state.throws = true
      assert.isTrue(Exit.isFailure(yield* Effect.exit(kv.get("a"))), "the probe's error is judged by what throws")
      state.throws = false
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(yield* kv.get("a"))
    }).pipe(Effect.provide(layer))
  })
})

const isThrown = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) => Cause.isDieReason(reason) && reason.defect instanceof Thrown)
