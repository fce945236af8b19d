/** Tests how many calls RateLimit lets through, and what it does with the others. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Enumeration, KeyValue, type KeyValueError, Memory, RateLimit, Retry } from "../../src/index.ts"
import { Bucket } from "../../src/wrappers/rateLimit/Bucket.ts"
import * as any from "../properties/arbitraries.ts"
import { buildError } from "../support/faults.ts"
import { metricOf } from "../support/metrics.ts"

const over = (options: RateLimit.Options) => Memory.layer().pipe(RateLimit.wrap(options))

const get = KeyValue.KeyValue.use((kv) => kv.get("key"))

/** `0` for a success, else the milliseconds in `retryAfter`. */
const retryAfterOf = <R>(effect: Effect.Effect<unknown, KeyValueError.KeyValueError, R>) =>
  Effect.match(effect, {
    onSuccess: () => 0,
    onFailure: (error) => (error._tag === "RateLimitedError" ? Duration.toMillis(error.retryAfter) : error._tag)
  })

/** The milliseconds that an effect takes. */
const endOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    yield* effect
    return (yield* Clock.currentTimeMillis) - start
  })

const letTimePass = Effect.forEach(Array.from({ length: 50 }), () => TestClock.adjust(100), { discard: true })

describe("RateLimit", () => {
  it.effect("lets a burst through, then limit calls per window, and fails other calls with the time to wait", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.replicateEffect(retryAfterOf(get), 5), [0, 0, 0, 200, 200])
      yield* TestClock.adjust(199)
      assert.strictEqual(yield* retryAfterOf(get), 1)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* Effect.replicateEffect(retryAfterOf(get), 2), [0, 200])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* Effect.replicateEffect(retryAfterOf(get), 4), [0, 0, 0, 200])
    }).pipe(Effect.provide(over({ limit: 5, burst: 3 })))
  )

  it.effect("fails with an error that names the operation and the time of the next call", () =>
    Effect.gen(function* () {
      yield* get
      const error = yield* Effect.flip(KeyValue.KeyValue.use((kv) => kv.put("a", 1, { collection: "users" })))
      assert.strictEqual(
        error.message,
        'put in collection "users": over the rate limit. The next call is allowed in 6s.'
      )
      assert.strictEqual(error.outcome, "not-applied")
    }).pipe(Effect.provide(over({ limit: 10, window: "1 minute", burst: 1 })))
  )

  it.effect("allows the calls of one second as a burst by default", () =>
    Effect.gen(function* () {
      const seen = yield* Effect.replicateEffect(retryAfterOf(get), 5)
      assert.deepStrictEqual(seen, [0, 0, 0, 0, 250])
    }).pipe(Effect.provide(over({ limit: 4 })))
  )

  it.effect("makes calls wait in order when onExceeded is wait, but no longer than maxWait", () =>
    Effect.gen(function* () {
      const fibers = yield* Effect.replicateEffect(Effect.forkChild(endOf(get)), 5)
      yield* Effect.yieldNow
      assert.strictEqual(yield* retryAfterOf(get), 1500)
      yield* letTimePass
      assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [0, 300, 600, 900, 1200])
    }).pipe(Effect.provide(over({ limit: 10, window: "3 seconds", burst: 1, onExceeded: "wait", maxWait: 1200 })))
  )

  it.effect("makes calls wait for at most a second by default", () =>
    Effect.gen(function* () {
      const fibers = yield* Effect.replicateEffect(Effect.forkChild(endOf(get)), 3)
      yield* Effect.yieldNow
      assert.strictEqual(yield* retryAfterOf(get), 1500)
      yield* letTimePass
      assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [0, 500, 1000])
    }).pipe(Effect.provide(over({ limit: 2, burst: 1, onExceeded: "wait" })))
  )

  it.effect("does not refund a call that is interrupted while it waits", () =>
    Effect.gen(function* () {
      yield* get
      const waiting = yield* Effect.forkChild(get)
      yield* Effect.yieldNow
      yield* Fiber.interrupt(waiting)
      const next = yield* Effect.forkChild(endOf(get))
      yield* letTimePass
      assert.strictEqual(yield* Fiber.join(next), 1000)
    }).pipe(Effect.provide(over({ limit: 2, burst: 1, onExceeded: "wait" })))
  )

  it.effect("counts calls or keys, and makes later calls wait after a batch larger than the burst", () => {
    const many = KeyValue.KeyValue.use((kv) => kv.getMany(["a", "b", "c", "d", "e"]))
    return Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* Effect.provide(Effect.replicateEffect(retryAfterOf(many), 3), over({ limit: 2 })),
        [0, 0, 500]
      )
      const keys = over({ limit: 2, burst: 3, cost: "keys" })
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* retryAfterOf(many), 0)
        assert.deepStrictEqual([yield* retryAfterOf(get), yield* retryAfterOf(many)], [1500, 2500])
        yield* TestClock.adjust(2500)
        assert.strictEqual(yield* retryAfterOf(many), 0)
        yield* TestClock.adjust("1 hour")
        const enumeration = yield* Enumeration.Enumeration
        const list = retryAfterOf(Stream.runDrain(enumeration.keys()))
        assert.deepStrictEqual(yield* Effect.replicateEffect(list, 4), [0, 0, 0, 500])
      }).pipe(Effect.provide(keys))
    })
  })

  it.effect("tells an outer Retry how long to wait", () =>
    Effect.gen(function* () {
      yield* get
      const fiber = yield* Effect.forkChild(endOf(get))
      yield* letTimePass
      assert.strictEqual(yield* Fiber.join(fiber), 3000)
    }).pipe(Effect.provide(over({ limit: 1, window: "3 seconds" }).pipe(Retry.wrap({ jitter: false }))))
  )

  it.prop(
    "never lets more through in any period than the burst plus what the rate allows",
    [
      Arbitrary.array(Arbitrary.all([any.integer(0, 500), any.integer(1, 7)]), { maxLength: 80 }),
      any.integer(1, 5),
      any.pick(0, 300, 1000)
    ],
    ([steps, burst, maxWait]) => {
      const bucket = new Bucket(100, burst)
      const through: Array<readonly [number, number]> = []
      let now = 0
      for (const [pause, cost] of steps) {
        now += pause
        const wait = bucket.take(cost, now, maxWait)
        if (wait <= maxWait) through.push([now + wait, cost])
      }
      const times = through.map(([at]) => at)
      assert.deepStrictEqual(
        times,
        times.toSorted((a, b) => a - b)
      )
      for (const [i, [from]] of through.entries()) {
        let sum = 0
        for (const [at, cost] of through.slice(i)) {
          // The last call may cost more than is left. Later calls wait for the difference.
          assert.isAtMost(sum + Math.min(cost, burst), burst + (at - from) * 0.01 + 1e-6)
          sum += cost
        }
      }
    }
  )

  it.effect("counts rejected and delayed calls as metrics", () => {
    const store = { "db.system.name": "memory", "db.namespace": "sessions" }
    return Effect.gen(function* () {
      const fibers = yield* Effect.replicateEffect(Effect.forkChild(Effect.exit(get)), 6)
      yield* letTimePass
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(yield* metricOf("effect_kv.rate_limit.delayed"), [[store, 2]])
      assert.deepStrictEqual(yield* metricOf("effect_kv.rate_limit.rejected"), [[store, 3]])
    }).pipe(
      Effect.provide(over({ limit: 2, burst: 1, onExceeded: "wait", store: "sessions" })),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })

  it.effect("rejects invalid options when the layer is built", () =>
    Effect.gen(function* () {
      const bad: ReadonlyArray<RateLimit.Options> = [
        { limit: 0 },
        { limit: 1.5 },
        { limit: 1, window: 0 },
        { limit: 1, window: Duration.infinity },
        { limit: 1, burst: 0 },
        { limit: 1, maxWait: -1 },
        { limit: 1, onExceeded: "drop" as "fail" },
        { limit: 1, cost: "bytes" as "keys" }
      ]
      for (const options of bad) {
        const error = yield* buildError(over(options))
        assert.strictEqual(error._tag, "StoreSetupError", JSON.stringify(options))
        assert.include(error.message, "RateLimit: ")
      }
    })
  )
})
