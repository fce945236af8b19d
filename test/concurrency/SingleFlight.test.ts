/** Tests `SingleFlight`, which shares loads between callers, with fibers that yield at every possible step. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import { SingleFlight } from "../../src/concurrency/SingleFlight.ts"

/** Runs an effect many times with fibers that yield after 5 to 64 steps, so that they yield at every possible place. */
const inTurns = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.forEach(
    Array.from({ length: 60 }, (_, i) => i + 5),
    (steps) => Effect.provideService(effect, Scheduler.MaxOpsBeforeYield, steps),
    { discard: true }
  )

const aWhile = Effect.replicateEffect(Effect.yieldNow, 100, { discard: true })

describe("loads of the same key", () => {
  it.effect("run once when they are requested at the same time", () =>
    inTurns(
      Effect.gen(function* () {
        const flights = new SingleFlight<number, never>()
        const gate = yield* Deferred.make<void>()
        let loads = 0
        const load = Effect.andThen(
          Deferred.await(gate),
          Effect.sync(() => ++loads)
        )
        const fibers = yield* Effect.replicateEffect(Effect.forkChild(flights.run("a", () => load)), 3)
        yield* aWhile
        yield* Deferred.succeed(gate, undefined)
        assert.deepStrictEqual(yield* Fiber.joinAll(fibers), [1, 1, 1])
        assert.strictEqual(loads, 1)
        assert.isFalse(flights.has("a"))
      })
    )
  )

  it.effect("return their value however soon they end", () =>
    inTurns(
      Effect.gen(function* () {
        const flights = new SingleFlight<string, never>()
        const runs = Array.from({ length: 3 }, () => flights.run("a", () => Effect.succeed("value")))
        assert.deepStrictEqual(yield* Effect.all(runs, { concurrency: "unbounded" }), Array(3).fill("value"))
        assert.isFalse(flights.has("a"))
      })
    )
  )

  it.effect("continue when one waiter is interrupted, and are interrupted with the last", () =>
    inTurns(
      Effect.gen(function* () {
        const flights = new SingleFlight<string, never>()
        const gate = yield* Deferred.make<void>()
        const load = Effect.as(Deferred.await(gate), "value")
        const [first, second] = yield* Effect.replicateEffect(Effect.forkChild(flights.run("a", () => load)), 2)
        yield* Effect.yieldNow
        yield* Fiber.interrupt(first!)
        yield* aWhile
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual(yield* Fiber.join(second!), "value")
        const last = yield* Effect.forkChild(flights.run("b", () => Effect.never))
        yield* aWhile
        assert.isTrue(flights.has("b"))
        yield* Fiber.interrupt(last)
        assert.isFalse(flights.has("b"))
      })
    )
  )
})
