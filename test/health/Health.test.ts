import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Schema, Scope, Stream } from "effect"
import {
  Bulkhead,
  CircuitBreaker,
  Driver,
  Fallback,
  Health,
  KeyValue,
  Memory,
  PassthroughCache,
  Retry,
  Timeout
} from "effect-kv"
import { metricOf } from "../support/metrics.ts"
import { check, get, provided, snapshot, status, times, troubled, wait } from "./support.ts"

const memory = () => Memory.layer({ maxEntries: 1000 })

const breaking = CircuitBreaker.wrap({ trip: { consecutive: 1 } })

describe("Health", () => {
  it.effect("is up for a store without states, and for a layer that provides only KeyValue", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.provide(snapshot, memory()), {
        module: "memory",
        name: undefined,
        status: "up",
        since: 0,
        reason: undefined,
        parts: []
      })
      const { driver } = Context.get(yield* Layer.build(memory()), KeyValue.KeyValue)
      const plain = Layer.succeed(KeyValue.KeyValue, KeyValue.make({ ...driver, health: undefined }))
      const { status, parts } = yield* Effect.provide(
        snapshot,
        plain.pipe(
          Timeout.wrap(),
          breaking,
          Driver.wrapper((driver) => driver)
        ) as unknown as Layer.Layer<Health.Health>
      )
      assert.strictEqual(status, "up")
      assert.deepStrictEqual(
        parts.map(({ module }) => module),
        ["memory"]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("says since when, and why, for each store and wrapper", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      yield* Effect.gen(function* () {
        yield* wait("3 seconds")
        state.fails = true
        yield* get
        const { status, since, reason, module, parts } = yield* snapshot
        assert.deepStrictEqual([module, status, since], ["Fallback", "degraded", 3000])
        assert.include(reason, "The fallback takes over.")
        assert.deepStrictEqual(
          parts.map(({ module, status, name, since }) => [module, status, name, since]),
          [
            ["CircuitBreaker", "down", "users", 3000],
            ["memory", "up", undefined, 0]
          ]
        )
      }).pipe(
        provided(
          layer.pipe(
            CircuitBreaker.wrap({ trip: { consecutive: 1 }, store: "users" }),
            Fallback.wrap({ fallback: memory() })
          )
        )
      )
    })
  )

  it.effect("streams the current state, each later one, and only the newest to a slow reader", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      yield* Effect.gen(function* () {
        const { changes } = yield* Health.Health
        const fast: Array<Health.Status> = []
        const slow: Array<Health.Status> = []
        yield* Effect.forkChild(Stream.runForEach(changes, ({ status }) => Effect.sync(() => fast.push(status))))
        yield* Effect.forkChild(
          Stream.runForEach(changes, ({ status }) =>
            Effect.delay(
              Effect.sync(() => slow.push(status)),
              "1 minute"
            )
          )
        )
        yield* wait(0)
        for (const fails of [true, false, true, false, true]) {
          state.fails = fails
          yield* times(2, get)
          yield* wait(0)
        }
        assert.deepStrictEqual(fast, ["up", "degraded", "up", "degraded", "up", "degraded"])
        yield* wait("1 hour")
        assert.isBelow(slow.length, 5)
        assert.strictEqual(slow.at(-1), "degraded")
      }).pipe(provided(layer.pipe(Fallback.wrap({ fallback: memory() }))))
    })
  )

  it.effect("ends its streams when the layer is closed, also those that begin later", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(memory().pipe(breaking), scope)
      const { changes, check } = Context.get(context, Health.Health)
      const reader = yield* Effect.forkChild(Stream.runCount(changes))
      yield* wait(0)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* Fiber.join(reader), 1)
      assert.isAtMost(yield* Stream.runCount(changes), 1)
      assert.strictEqual((yield* check()).status, "down")
    })
  )

  it.effect("has a gauge for each module with states", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const gauge = Effect.map(metricOf("effect_kv.health.status"), (all) =>
        all.filter(([attributes]) => attributes?.["db.namespace"] === "gauged").map(([, value]) => value)
      )
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* gauge, [1])
        state.fails = true
        yield* get
        assert.deepStrictEqual(yield* gauge, [0])
      }).pipe(provided(layer.pipe(CircuitBreaker.wrap({ trip: { consecutive: 1 }, store: "gauged" }))))
      assert.deepStrictEqual(yield* gauge, [])
    })
  )

  it.effect.prop(
    "agrees with the states of the wrappers after any sequence of events",
    [Schema.Array(Schema.Tuple([Schema.Boolean, Schema.Boolean, Schema.Boolean]))],
    ([events]) =>
      Effect.gen(function* () {
        const first = troubled()
        const second = troubled()
        yield* Effect.gen(function* () {
          for (const [isFirst, fails, asks] of events) {
            ;(isFirst ? first : second).state.fails = fails
            if (asks) yield* get
            const { status, parts } = yield* snapshot
            const [one, two] = parts.map(({ status }) => status)
            if (asks) assert.strictEqual(one === "down", first.state.fails)
            if (asks && first.state.fails) assert.strictEqual(two === "down", second.state.fails)
            const expected = one === "down" && two === "down" ? "down" : one === two ? "up" : "degraded"
            assert.strictEqual(status, expected)
          }
        }).pipe(
          provided(first.layer.pipe(probing, Fallback.wrap({ fallback: second.layer.pipe(probing) }))),
          Effect.provideService(Health.LogLevels, { up: "None", degraded: "None", down: "None" })
        )
      })
  )
})

/** A custom wrapper that reports what it has seen last. */
const probing = Driver.wrapperEffect(
  Effect.map(Health.reporter({ module: "Probing" }), (report) => (driver: Driver.Driver): Driver.Driver => {
    const health = report(driver.system, [driver])
    const seen = Driver.around((call, next) =>
      Effect.tapError(
        Effect.tap(next(call), () => Effect.sync(() => health.to("up", "it answered"))),
        () => Effect.sync(() => health.to("down", "it failed"))
      )
    )
    return { ...seen(driver), health }
  })
)

describe("check", () => {
  it.effect("asks the store, past a cache, and returns what is known then", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const stack = layer.pipe(breaking, PassthroughCache.wrap({ cache: memory(), missTtl: "1 hour" }))
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* check()).status, "up")
        state.fails = true
        assert.strictEqual(yield* status, "up")
        assert.strictEqual((yield* check()).status, "down")
        assert.strictEqual(yield* status, "down")
        state.fails = false
        yield* wait("6 seconds")
        assert.strictEqual((yield* check()).status, "up")
        assert.strictEqual(state.calls, 3)
      }).pipe(provided(stack))
    })
  )

  it.effect("is down if a store without states fails, hangs or has a defect, and up if it refuses the read", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      yield* Effect.gen(function* () {
        state.refuses = true
        assert.strictEqual((yield* check()).status, "up")
        state.fails = true
        const { status, reason } = yield* check()
        assert.deepStrictEqual([status, reason], ["down", "The check failed with StoreUnavailableError."])
        state.hangs = true
        const hanging = yield* Effect.forkChild(check({ timeout: "2 seconds" }))
        yield* wait("2 seconds")
        assert.include((yield* Fiber.join(hanging)).reason, "TimeoutError")
        for (const timeout of [0, -1, Number.NaN, "nonsense"]) {
          assert.strictEqual((yield* check({ timeout: timeout as number })).status, "down")
        }
        assert.strictEqual((yield* snapshot).status, "up")
      }).pipe(provided(layer))
      const dying = Driver.wrapper(Driver.around(() => Effect.die("a bug")))
      assert.include((yield* Effect.provide(check(), memory().pipe(dying))).reason, "a defect")
    })
  )

  it.effect("is degraded if a Fallback makes up for the store, and if a Bulkhead is full", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      state.fails = true
      const recovering = layer.pipe(Fallback.wrap({ fallback: memory(), recovery: {} }))
      assert.strictEqual((yield* Effect.provide(check(), recovering)).status, "degraded")
      state.hangs = true
      yield* Effect.gen(function* () {
        yield* Effect.forkChild(get)
        yield* wait(0)
        assert.strictEqual((yield* check()).status, "degraded")
      }).pipe(provided(layer.pipe(Bulkhead.wrap({ maxConcurrent: 1, maxQueue: 0 }))))
    })
  )

  it.effect("can be interrupted", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      state.hangs = true
      yield* Effect.gen(function* () {
        const hanging = yield* Effect.forkChild(check({ timeout: "1 hour" }))
        yield* wait("1 second")
        yield* Fiber.interrupt(hanging)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(hanging)))
      }).pipe(provided(layer.pipe(Retry.wrap())))
    })
  )
})
