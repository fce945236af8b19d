/** Tests that policies measure elapsed time when the time of day is set. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import {
  Bulkhead,
  CircuitBreaker,
  Deadline,
  Hedge,
  KeyValue,
  Memory,
  RateLimit,
  Retry,
  Timeout
} from "../../src/index.ts"
import { faulty, script } from "../support/faults.ts"
import { withWallClock } from "../support/wallClock.ts"

const hour = 3_600_000

const get = KeyValue.KeyValue.use((kv) => kv.get("a"))

/** The tag of the failure, or "ok". */
const outcome = Effect.match(get, { onSuccess: () => "ok", onFailure: ({ _tag }) => _tag as string })

/** The result of an effect and the milliseconds that it takes, when `between` runs after its start. */
const timed = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>, between: Effect.Effect<void>) {
  const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
  yield* between
  let millis = 0
  for (; millis < 20_000 && fiber.pollUnsafe() === undefined; millis += 50) yield* TestClock.adjust(50)
  assert.isDefined(fiber.pollUnsafe(), "it does not end")
  return [yield* Fiber.join(fiber), millis] as const
})

for (const [name, millis] of [
  ["back", -hour],
  ["forward", hour]
] as const) {
  describe(`a clock that is set ${name} by an hour`, () => {
    it.effect("does not change when Timeout ends an operation", () => {
      const layer = Memory.layer().pipe(faulty(script("hang")), Timeout.wrap("1 second"))
      return withWallClock((turn) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* timed(outcome, turn(millis)), ["TimeoutError", 1000])
          yield* turn(millis)
          assert.strictEqual(yield* outcome, "ok")
        }).pipe(Effect.provide(layer))
      )
    })

    it.effect("does not change when a deadline passes", () => {
      const plan = script()
      const layer = Memory.layer().pipe(faulty(plan), Deadline.wrap())
      return withWallClock((turn) =>
        Effect.gen(function* () {
          const all = Effect.gen(function* () {
            yield* turn(millis)
            const first = yield* outcome
            plan.steps = ["hang"]
            return [first, yield* outcome]
          })
          const [outcomes, took] = yield* timed(Deadline.within(all, "1 second"), Effect.void)
          assert.deepStrictEqual([outcomes, took], [["ok", "TimeoutError"], 1000])
        }).pipe(Effect.provide(layer))
      )
    })

    it.effect("does not change the pauses and the budget of Retry", () => {
      const plan = script()
      const layer = Memory.layer().pipe(
        faulty(plan),
        Retry.wrap({
          initialDelay: "1 second",
          factor: 1,
          maxRetries: 1,
          jitter: false,
          budget: { ratio: 0, minPerSecond: 2 }
        })
      )
      return withWallClock((turn) =>
        Effect.gen(function* () {
          plan.always = "unavailable"
          const calls = (between: Effect.Effect<void>) =>
            timed(
              Effect.all(
                Array.from({ length: 20 }, () => outcome),
                { concurrency: "unbounded" }
              ),
              between
            )
          assert.strictEqual((yield* calls(turn(millis)))[1], 1000, "the pause")
          assert.lengthOf(plan.calls, 20 + 20, "what ten seconds give can be spent at the beginning")
          yield* turn(millis)
          yield* TestClock.adjust("3 seconds")
          plan.calls.length = 0
          yield* calls(turn(millis))
          assert.lengthOf(plan.calls, 20 + 8, "four seconds later")
        }).pipe(Effect.provide(layer))
      )
    })

    it.effect("does not change how many calls RateLimit lets through", () => {
      const layer = Memory.layer().pipe(RateLimit.wrap({ limit: 10, window: "1 second", burst: 10 }))
      return withWallClock((turn) =>
        Effect.gen(function* () {
          const succeeded = Effect.map(
            Effect.all(Array.from({ length: 30 }, () => outcome)),
            (all) => all.filter((it) => it === "ok").length
          )
          assert.strictEqual(yield* succeeded, 10)
          yield* turn(millis)
          assert.strictEqual(yield* succeeded, 0)
          yield* TestClock.adjust(500)
          assert.strictEqual(yield* succeeded, 5)
        }).pipe(Effect.provide(layer))
      )
    })

    it.effect("does not change how long RateLimit makes a call wait", () => {
      const layer = Memory.layer().pipe(
        RateLimit.wrap({ limit: 1, window: "1 second", onExceeded: "wait", maxWait: "1 minute" })
      )
      return withWallClock((turn) =>
        Effect.gen(function* () {
          yield* outcome
          assert.deepStrictEqual(yield* timed(outcome, turn(millis)), ["ok", 1000])
        }).pipe(Effect.provide(layer))
      )
    })

    it.effect("does not change how long CircuitBreaker stays open", () => {
      const plan = script("unavailable", "unavailable")
      const layer = Memory.layer().pipe(
        faulty(plan),
        CircuitBreaker.wrap({ trip: { consecutive: 2 }, openFor: "10 seconds" })
      )
      return withWallClock((turn) =>
        Effect.gen(function* () {
          yield* outcome
          yield* outcome
          yield* turn(millis)
          yield* TestClock.adjust("9 seconds")
          assert.strictEqual(yield* outcome, "CircuitOpenError")
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* outcome, "ok")
        }).pipe(Effect.provide(layer))
      )
    })

    it.effect("does not change how long Bulkhead lets a call wait", () => {
      const layer = Memory.layer().pipe(
        faulty(script("hang")),
        Bulkhead.wrap({ maxConcurrent: 1, maxWait: "2 seconds" })
      )
      return withWallClock((turn) =>
        Effect.gen(function* () {
          yield* Effect.forkChild(outcome, { startImmediately: true })
          assert.deepStrictEqual(yield* timed(outcome, turn(millis)), ["BulkheadFullError", 2000])
        }).pipe(Effect.provide(layer))
      )
    })

    it.effect("does not change when Hedge sends the second attempt", () => {
      const layer = Memory.layer().pipe(faulty(script("hang")), Hedge.wrap({ after: "1 second", maxExtra: 1 }))
      return withWallClock((turn) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* timed(outcome, turn(millis)), ["ok", 1000])
        }).pipe(Effect.provide(layer))
      )
    })
  })
}
