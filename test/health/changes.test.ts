/** Each stateful wrapper logs each change of its state once, with the name of the store, and tells Health. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import {
  CircuitBreaker,
  Fallback,
  Health,
  Memory,
  PassthroughCache,
  Replicate,
  Retry,
  Routing,
  Timeout
} from "effect-kv"
import { get, logged, provided, put, snapshot, status, times, troubled, wait } from "./support.ts"

const memory = () => Memory.layer({ maxEntries: 1000 })

const has = (lines: ReadonlyArray<string>, ...starts: ReadonlyArray<string>) => {
  assert.lengthOf(lines, starts.length, lines.join("\n"))
  for (const [i, start] of starts.entries()) assert.isTrue(lines[i]!.startsWith(start), lines[i])
}

describe("changes of state", () => {
  it.effect("a CircuitBreaker logs that it has opened, is probing and has closed", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const lines = yield* logged(() =>
        Effect.gen(function* () {
          yield* times(100, get)
          assert.strictEqual(yield* status, "up")
          state.fails = true
          yield* times(100, get)
          assert.strictEqual(yield* status, "down")
          state.fails = false
          yield* wait("6 seconds")
          yield* times(100, get)
          assert.strictEqual(yield* status, "up")
        }).pipe(provided(layer.pipe(CircuitBreaker.wrap({ store: "users", trip: { consecutive: 3 } }))))
      )
      has(
        lines,
        'Error CircuitBreaker "users" is down. The circuit has opened. All calls are rejected for 5000 ms.',
        'Warn CircuitBreaker "users" is degraded. The circuit is probing. Some calls are let through',
        'Info CircuitBreaker "users" is up again after 6000 ms. The circuit is closed.'
      )
    })
  )

  it.effect("a CircuitBreaker with a circuit for each collection is degraded while only some are open", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      yield* Effect.gen(function* () {
        yield* get
        state.fails = true
        yield* times(3, put)
        assert.strictEqual(yield* status, "down")
      }).pipe(
        provided(layer.pipe(CircuitBreaker.wrap({ per: "collection", trip: { consecutive: 3 } }))),
        Effect.provideService(Health.LogLevels, { up: "None", degraded: "None", down: "None" })
      )
    })
  )

  it.effect("a Retry logs once that its budget is spent, and that it is not spent any more", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const retry = Retry.wrap({ store: "users", budget: { ratio: 0, minPerSecond: 0 } })
      const lines = yield* logged(() =>
        Effect.gen(function* () {
          state.fails = true
          yield* times(50, get)
          assert.strictEqual(yield* status, "degraded")
          yield* wait("8 seconds")
          yield* times(50, get)
          yield* wait("8 seconds")
          assert.strictEqual(yield* status, "degraded")
          yield* wait("3 seconds")
          assert.strictEqual(yield* status, "up")
        }).pipe(provided(layer.pipe(retry)))
      )
      has(
        lines,
        'Warn Retry "users" is degraded. The retry budget is spent. Failures are not retried.',
        'Info Retry "users" is up again after'
      )
    })
  )

  it.effect("a Fallback logs that the fallback takes over, and that the first store answers again", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const lines = yield* logged(() =>
        Effect.gen(function* () {
          yield* times(50, get)
          state.fails = true
          yield* times(50, get)
          assert.strictEqual(yield* status, "degraded")
          state.fails = false
          yield* times(50, get)
          assert.strictEqual(yield* status, "up")
        }).pipe(provided(layer.pipe(Fallback.wrap({ fallback: memory() }))))
      )
      has(
        lines,
        "Warn Fallback is degraded. The first store fails (StoreUnavailableError). The fallback takes over.",
        "Info Fallback is up again"
      )
    })
  )

  it.effect("a Fallback with recovery logs how many writes are to be replayed and were replayed", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const fallback = Fallback.wrap({ fallback: memory(), recovery: { store: "users" } })
      const lines = yield* logged(() =>
        Effect.gen(function* () {
          state.fails = true
          yield* times(50, put)
          assert.strictEqual(yield* status, "degraded")
          state.fails = false
          yield* wait("1 minute")
          assert.strictEqual(yield* status, "up")
        }).pipe(provided(layer.pipe(fallback)))
      )
      has(
        lines,
        'Warn Fallback "users" is degraded. The first store fails. Writes go to the journal.',
        'Warn Fallback "users" is degraded. The first store is used. 1 write of an outage must still be replayed.',
        'Info Fallback "users" is up again'
      )
      assert.include(lines[2], "(1 write replayed)")
    })
  )

  it.effect("a Replicate logs that a replica is unwell and well", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const lines = yield* logged(() =>
        Effect.gen(function* () {
          yield* times(20, put)
          state.fails = true
          yield* times(20, put)
          const { status, parts } = yield* snapshot
          assert.strictEqual(status, "degraded")
          assert.deepStrictEqual(
            parts.map(({ status }) => status),
            ["up", "down"]
          )
          state.fails = false
          yield* wait("2 minutes")
          yield* times(20, put)
          assert.strictEqual((yield* snapshot).status, "up")
        }).pipe(
          provided(
            memory().pipe(Replicate.wrap({ replicas: [layer], acknowledgements: 1, store: "users", pause: "1 second" }))
          )
        )
      )
      has(
        lines,
        'Error Replica 2 "users" is down. Its last operation failed. Other stores are read first.',
        'Info Replica 2 "users" is up again'
      )
    })
  )

  it.effect("logs at the levels that are set where the layer is built, or not at all", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const levels = Layer.succeed(Health.LogLevels, { up: "Info", degraded: "None", down: "Fatal" })
      const lines = yield* logged(() =>
        Effect.gen(function* () {
          state.fails = true
          yield* times(5, get)
          state.fails = false
          yield* wait("6 seconds")
          yield* get
        }).pipe(provided(layer.pipe(CircuitBreaker.wrap({ trip: { consecutive: 3 } }), Layer.provide(levels))))
      )
      has(lines, "Fatal CircuitBreaker is down", "Info CircuitBreaker is up")
    })
  )

  it.effect("logs ten changes a minute, and counts all others in one line", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const flap = Effect.gen(function* () {
        state.fails = !state.fails
        yield* times(2, get)
      })
      const lines = yield* logged((lines) =>
        Effect.gen(function* () {
          yield* times(1000, flap)
          assert.lengthOf(lines, 10)
          yield* wait("1 minute")
          assert.lengthOf(lines, 11)
          assert.strictEqual(
            lines[10],
            "Info Fallback has changed its state 990 more times, and is up now. The first store answers again."
          )
          yield* wait("1 hour")
          assert.lengthOf(lines, 11)
        }).pipe(provided(layer.pipe(Fallback.wrap({ fallback: memory() }))))
      )
      assert.lengthOf(lines, 11)
    })
  )

  it.effect("logs nothing when the layer is closed with changes that were left out", () =>
    Effect.gen(function* () {
      const { state, layer } = troubled()
      const lines = yield* logged(() =>
        Effect.gen(function* () {
          for (let i = 0; i < 20; i++) {
            state.fails = !state.fails
            yield* times(2, get)
          }
        }).pipe(provided(layer.pipe(Fallback.wrap({ fallback: memory() }))))
      )
      yield* wait("1 hour")
      assert.lengthOf(lines, 10)
    })
  )
})

describe("the status of a combination", () => {
  const failing = () => {
    const { state, layer } = troubled()
    state.fails = true
    return layer.pipe(CircuitBreaker.wrap({ trip: { consecutive: 1 } }))
  }

  const statusAfter = (operation: Effect.Effect<unknown, never, any>, layer: Layer.Layer<any, any>) =>
    Effect.gen(function* () {
      yield* times(2, operation)
      return yield* status
    }).pipe(Effect.provide(layer as Layer.Layer<Health.Health>)) as Effect.Effect<Health.Status>

  it.effect("is degraded if one of its stores is down, and down if all are", () =>
    Effect.gen(function* () {
      const fallback = (second: () => Layer.Layer<any, any>) =>
        failing().pipe(Fallback.wrap({ fallback: second() as ReturnType<typeof memory> }))
      assert.strictEqual(yield* statusAfter(get, fallback(memory)), "degraded")
      assert.strictEqual(yield* statusAfter(get, fallback(failing)), "down")
      const replicas = (second: () => Layer.Layer<any, any>) =>
        failing().pipe(Replicate.wrap({ replicas: [second() as ReturnType<typeof memory>] }))
      assert.strictEqual(yield* statusAfter(get, replicas(memory)), "degraded")
      assert.strictEqual(yield* statusAfter(get, replicas(failing)), "down")
      const routes = failing().pipe(Routing.wrap({ stores: { other: memory() } }))
      assert.strictEqual(yield* statusAfter(get, routes), "degraded")
    })
  )

  it.effect("is degraded if a cache may return stale copies of a store that is down, otherwise down", () =>
    Effect.gen(function* () {
      const near = (options: object) => failing().pipe(PassthroughCache.wrap({ cache: memory(), ...options }))
      assert.strictEqual(yield* statusAfter(get, near({})), "down")
      assert.strictEqual(yield* statusAfter(get, near({ maxStale: "1 hour" })), "degraded")
    })
  )

  it.effect("is that of the wrapped store for wrappers without states", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* statusAfter(get, failing().pipe(Timeout.wrap())), "down")
    })
  )
})
