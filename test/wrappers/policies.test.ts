/** Tests all policies together, as a service would stack them. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import { TestClock } from "effect/testing"
import {
  Bulkhead,
  CircuitBreaker,
  Deadline,
  Driver,
  Hedge,
  KeyValue,
  Memory,
  RateLimit,
  Retry,
  Timeout
} from "../../src/index.ts"
import { metricOf } from "../support/metrics.ts"

/** A store that hangs while it is down, and cannot be interrupted for the first three seconds of a call. */
const outage = (plan: { down: boolean; calls: number; under: number }) =>
  Driver.wrapper(
    Driver.around((call, next) =>
      Effect.suspend(() => {
        plan.calls++
        if (!plan.down) return Effect.delay(next(call), 5)
        plan.under++
        return Effect.andThen(
          Effect.uninterruptible(
            Effect.ensuring(
              Effect.sleep("3 seconds"),
              Effect.sync(() => plan.under--)
            )
          ),
          Effect.never
        )
      })
    )
  )

describe("all policies combined in the recommended order", () => {
  it.effect("protect the store in an outage and recover after it", () => {
    const plan = { down: false, calls: 0, under: 0 }
    const layer = Memory.layer().pipe(
      outage(plan),
      Timeout.wrap("500 millis"),
      Hedge.wrap({ after: "100 millis" }),
      Retry.wrap({ maxRetries: 2, initialDelay: "50 millis" }),
      CircuitBreaker.wrap({ openFor: "1 second", maxOpenFor: "5 seconds" }),
      Bulkhead.wrap({ maxConcurrent: 50, maxQueue: 20, maxWait: "200 millis" }),
      RateLimit.wrap({ limit: 1000 }),
      Deadline.wrap("1200 millis")
    )
    return Effect.gen(function* () {
      const tags = new Map<string, number>()
      let slowest = 0
      const one = Effect.gen(function* () {
        const start = yield* Clock.currentTimeMillis
        const tag = yield* Effect.match(
          KeyValue.KeyValue.use((kv) => kv.get("key")),
          { onSuccess: () => "ok", onFailure: ({ _tag }) => _tag }
        )
        tags.set(tag, (tags.get(tag) ?? 0) + 1)
        slowest = Math.max(slowest, (yield* Clock.currentTimeMillis) - start)
      })
      const fibers: Array<Fiber.Fiber<void>> = []
      /** Makes 100 calls per second, and counts how they end. */
      const seconds = Effect.fnUntraced(function* (n: number) {
        tags.clear()
        plan.calls = 0
        for (let i = 0; i < n * 100; i++) {
          fibers.push(yield* Effect.forkChild(one))
          yield* TestClock.adjust(10)
        }
        return Object.fromEntries(tags)
      })

      assert.deepStrictEqual(yield* seconds(5), { ok: 500 })

      plan.down = true
      yield* seconds(5)
      yield* TestClock.adjust("2 seconds")
      const during = yield* seconds(60)
      // Nearly all of the 6,000 calls fail at once, and very few reach the store.
      assert.isAbove(during.CircuitOpenError!, 5900)
      assert.isBelow(plan.calls, 100)
      assert.isAtMost(slowest, 1200)

      plan.down = false
      // The circuit probes the store every 5 seconds.
      yield* seconds(6)
      assert.deepStrictEqual(yield* seconds(5), { ok: 500 })

      yield* TestClock.adjust("10 seconds")
      yield* Effect.forEach(fibers, Fiber.join)
      assert.strictEqual(plan.under, 0)
      const calls = yield* metricOf("effect_kv.bulkhead.calls")
      assert.deepStrictEqual(
        calls.map(([, n]) => n),
        [0, 0]
      )
    }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map()))
  })
})
