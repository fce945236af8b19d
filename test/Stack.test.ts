/** Tests the presets of `Stack`: which wrappers they contain, in which order, and what they measure. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  Atomic,
  Enumeration,
  KeyValue,
  type KeyValueError,
  Maintenance,
  Memory,
  Stack,
  Statistics
} from "../src/index.ts"
import { buildError, faulty, type Script, script } from "./support/faults.ts"
import { memory, stored } from "./support/inspect.ts"
import { metricOf } from "./support/metrics.ts"
import { recorder } from "./support/spans.ts"

const keys = [Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")] as const

describe("Stack", () => {
  it.effect("production limits and retries each attempt, and compresses and encrypts values", () => {
    const plan = script("hang", "unavailable")
    const layer = memory().pipe(
      faulty(plan),
      Stack.production({ encryption: { keys }, timeout: "1 second", retry: { jitter: false } })
    )
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const value = "x".repeat(10_000)
      const fiber = yield* Effect.forkChild(kv.put("k", value))
      yield* TestClock.adjust("1300 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual(plan.calls.length, 3)
      const inner = yield* stored("k")
      assert.instanceOf(inner, Uint8Array)
      assert.isBelow((inner as Uint8Array).length, 200)
      assert.strictEqual(yield* kv.get("k"), value)
      const { total } = yield* Statistics.Statistics.use((it) => it.snapshot)
      assert.strictEqual(total.put?.count, 1)
      assert.strictEqual(total.get?.hits, 1)
      yield* Enumeration.Enumeration
      yield* Atomic.Atomic
    }).pipe(Effect.provide(layer))
  })

  it.effect("production writes py-key-value's envelopes when asked to, and can use Aead", () => {
    const base = memory()
    const get = KeyValue.KeyValue.use((kv) => kv.get("k"))
    const put = KeyValue.KeyValue.use((kv) => kv.put("k", value))
    const value = { text: "x".repeat(10_000) }
    return Effect.gen(function* () {
      const json = base.pipe(Stack.production({ encryption: { keys }, envelope: "json" }))
      yield* Effect.provide(put, json)
      assert.property(yield* stored("k"), "__encrypted_data__")
      const binary = base.pipe(Stack.production({ encryption: { keys } }))
      assert.deepStrictEqual(yield* Effect.provide(get, binary), value)
      yield* Effect.provide(put, binary)
      assert.deepStrictEqual([...((yield* stored("k")) as Uint8Array).slice(0, 5)], [0xeb, 0x4b, 0x43, 1, 0x10])
      assert.deepStrictEqual(yield* Effect.provide(get, json), value)
      const aead = base.pipe(Stack.production({ aead: { keys: [{ id: "a", key: keys[0] }] } }))
      yield* Effect.provide(put, aead)
      assert.deepStrictEqual([...((yield* stored("k")) as Uint8Array).slice(0, 5)], [0xeb, 0x4b, 0x43, 1, 0x11])
      assert.deepStrictEqual(yield* Effect.provide(get, aead), value)
    }).pipe(Effect.provide(base))
  })

  it.effect("multiTenant gives each tenant its own entries in one store", () => {
    const base = memory()
    const tenant = (name: string) => base.pipe(Stack.multiTenant({ tenant: name, limitSize: { maxSize: "1 KiB" } }))
    return Effect.gen(function* () {
      yield* KeyValue.KeyValue.use((kv) => kv.put("k", "a's")).pipe(Effect.provide(tenant("a")))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const { keys, collections } = yield* Enumeration.Enumeration
        assert.isUndefined(yield* kv.get("k"))
        assert.deepStrictEqual(yield* Stream.runCollect(keys()), [])
        assert.deepStrictEqual(yield* Stream.runCollect(collections()), [])
        assert.isFalse(yield* kv.delete("k"))
        yield* kv.put("k", "b's")
        assert.strictEqual(yield* (yield* Maintenance.Maintenance).clear, 1)
      }).pipe(Effect.provide(tenant("b")))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        assert.strictEqual(yield* kv.get("k"), "a's")
        assert.strictEqual((yield* Effect.flip(kv.put("k", "x".repeat(2000))))._tag, "EntryTooLargeError")
        const { total } = yield* Statistics.Statistics.use((it) => it.snapshot)
        assert.strictEqual(total.delete, undefined, "statistics are the tenant's own")
      }).pipe(Effect.provide(tenant("a")))
      assert.strictEqual(yield* stored("k", { collection: "a__default_collection" }), "a's")
      assert.strictEqual(
        (yield* buildError(Memory.layer().pipe(Stack.multiTenant({ tenant: "a__b" }))))._tag,
        "StoreSetupError"
      )
    }).pipe(Effect.provide(base))
  })

  it.effect("multiTenant limits values to 1 MiB by default", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("k", new Uint8Array(1024 * 1024))
      const error = yield* Effect.flip(kv.put("k", new Uint8Array(1024 * 1024 + 1)))
      assert.strictEqual(error._tag, "EntryTooLargeError")
    }).pipe(Effect.provide(Memory.layer().pipe(Stack.multiTenant({ tenant: "a" }))))
  )

  it.effect("multiTenant names metrics after the store, or after the tenant if no store is given", () =>
    Effect.gen(function* () {
      for (const [options, name] of [
        [{}, "a"],
        [{ store: "s" }, "s"]
      ] as const) {
        const layer = Memory.layer().pipe(
          Stack.multiTenant({ tenant: "a", rateLimit: { limit: 1, burst: 1 }, ...options })
        )
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          yield* kv.get("k")
          yield* Effect.flip(kv.get("k"))
          const [[attributes] = []] = yield* metricOf("effect_kv.rate_limit.rejected")
          assert.strictEqual(attributes?.["db.namespace"], name)
        }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map()))
      }
    })
  )

  it.effect("development fails with TimeoutError when the store does not answer for 5 seconds", () =>
    Effect.gen(function* () {
      const plan = { ...script(), always: "hang" as const }
      yield* Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.flip(KeyValue.KeyValue.use((kv) => kv.get("k"))))
        yield* TestClock.adjust(4999)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "TimeoutError")
      }).pipe(Effect.provide(Memory.layer().pipe(faulty(plan), Stack.development())))
    })
  )

  /** What a preset does to a value, and the spans and lines that it makes of it. */
  const seen = <E>(preset: Stack.Stack<E>) =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message, fiber }) => {
        const { value = "no value" } = fiber.getRef(References.CurrentLogAnnotations)
        lines.push(`${logLevel}: ${[message].flat().join(" ")}, ${value}`)
      })
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("k", "text")
        assert.strictEqual(yield* kv.get("k"), "text")
        assert.strictEqual(yield* stored("k"), "text")
        const { total } = yield* Statistics.Statistics.use((it) => it.snapshot)
        assert.deepStrictEqual([total.put?.calls, total.get?.calls, total.get?.hitRate], [1, 1, 1])
      }).pipe(
        Effect.provide([memory().pipe(preset), Logger.layer([logger])]),
        Effect.provideService(References.MinimumLogLevel, "All"),
        Effect.withTracer(tracer)
      )
      return { spans: spans.map(({ name }) => name), lines }
    })

  it.effect("monitoring logs each operation at level Debug and makes a span for it", () =>
    Effect.gen(function* () {
      const { spans, lines } = yield* seen(Stack.monitoring({ store: "s" }))
      assert.deepStrictEqual(spans, ["put default_collection", "get default_collection"])
      assert.deepStrictEqual(lines, ["Debug: put finished, no value", "Debug: get finished, no value"])
    })
  )

  it.effect("development logs the start and the end of each operation, with its value", () =>
    Effect.gen(function* () {
      const { spans, lines } = yield* seen(Stack.development())
      assert.deepStrictEqual(spans, [])
      assert.deepStrictEqual(lines, [
        `Info: put started, "text"`,
        `Info: put finished, "text"`,
        "Info: get started, no value",
        `Info: get finished, "text"`
      ])
    })
  )
})

describe("the measurements of a preset", () => {
  /** Runs calls through a preset over a store that follows a script, and returns what the preset measured. */
  const observed = <E>(
    preset: Stack.Stack<E>,
    plan: Script,
    program: (kv: KeyValue.Service) => Effect.Effect<unknown, unknown>
  ) =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const { total } = yield* Effect.gen(function* () {
        yield* Effect.ignore(program(yield* KeyValue.KeyValue))
        return yield* Statistics.Statistics.use((it) => it.snapshot)
      }).pipe(
        Effect.provide(Memory.layer({ seed: { default_collection: { k: 1 } } }).pipe(faulty(plan), preset)),
        Effect.withTracer(tracer)
      )
      const metrics = yield* Metric.snapshot
      const metric = (id: string, attributes: object = {}) =>
        metrics.find((it) => it.id === `effect_kv.${id}` && isMatching(attributes, it.attributes ?? {}))?.state
      return { total, spans: spans.map(({ name }) => name), metric, sent: plan.calls.length }
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))

  const isMatching = (some: object, all: object) =>
    Object.entries({ ...some, "db.namespace": "s" }).every(([name, value]) => (all as any)[name] === value)

  const down = (): Script => ({ ...script(), always: "unavailable" })

  const base = { store: "s", encryption: { keys } } as const
  const open = { ...base, retry: { maxRetries: 0 } } as const
  const planted = { minSize: "1 GiB" } as const

  it.effect("counts 20 failures although the circuit breaker lets only 2 calls reach the store", () =>
    Effect.gen(function* () {
      const preset = Stack.production({ ...open, circuitBreaker: { trip: { consecutive: 2 }, openFor: "1 hour" } })
      const { total, spans, sent, metric } = yield* observed(preset, down(), (kv) =>
        Effect.forEach(Array(20), () => Effect.exit(kv.get("k")))
      )
      assert.strictEqual(total.get?.calls, 20)
      assert.deepStrictEqual(total.get?.errors, { StoreUnavailableError: 2, CircuitOpenError: 18 })
      assert.deepStrictEqual(spans, Array(20).fill("get default_collection"))
      assert.strictEqual(sent, 2)
      assert.deepInclude(metric("circuit_breaker.rejected"), { count: 18 })
    })
  )

  it.effect("counts 100 gets although the cache returns 99 of them, and counts hits and misses of the cache", () =>
    Effect.gen(function* () {
      for (const preset of [
        Stack.production({ ...base, cache: { cache: Memory.layer() } }),
        Stack.multiTenant({ tenant: "s", cache: { cache: Memory.layer() } })
      ]) {
        const { total, spans, sent, metric } = yield* observed(preset, script(), (kv) =>
          Effect.andThen(
            kv.put("k", 1),
            Effect.forEach(Array(100), () => kv.get("k"))
          )
        )
        assert.deepInclude(total.get, { calls: 100, hits: 100, hitRate: 1 })
        if (spans.length > 0) assert.strictEqual(spans.filter((name) => name.startsWith("get")).length, 100)
        assert.strictEqual(sent, 2)
        assert.deepInclude(metric("cache", { "cache.result": "hit" }), { count: 99 })
        assert.deepInclude(metric("cache", { "cache.result": "miss" }), { count: 1 })
      }
    })
  )

  it.effect("counts retries separately from the operation that they belong to", () =>
    Effect.gen(function* () {
      const preset = Stack.production({ ...base, retry: { jitter: false, initialDelay: 1 } })
      const plan = script("unavailable", "unavailable")
      const fiber = yield* Effect.forkChild(observed(preset, plan, (kv) => kv.put("k", 1)))
      yield* TestClock.adjust("1 minute")
      const { total, sent, metric } = yield* Fiber.join(fiber)
      assert.deepInclude(total.put, { calls: 1, errors: {} })
      assert.strictEqual(sent, 3)
      assert.deepInclude(metric("retry.retries"), { count: 2 })
    })
  )

  it.effect("counts timeouts under a deadline that includes all attempts and queues", () =>
    Effect.gen(function* () {
      const hanging = (): Script => ({ ...script(), always: "hang" })
      for (const preset of [
        Stack.production({ ...base, timeout: "1 second", deadline: "1500 millis", bulkhead: { maxConcurrent: 1 } }),
        Stack.multiTenant({ tenant: "s", deadline: "1500 millis", bulkhead: { maxConcurrent: 1 } })
      ]) {
        const fiber = yield* Effect.forkChild(
          observed(preset, hanging(), (kv) =>
            Effect.all([Effect.exit(kv.get("a")), Effect.exit(kv.get("b"))], { concurrency: 2 })
          )
        )
        yield* TestClock.adjust("1 minute")
        const { total, metric } = yield* Fiber.join(fiber)
        const { TimeoutError = 0, BulkheadFullError = 0 } = total.get!.errors
        assert.deepStrictEqual([total.get?.calls, TimeoutError + BulkheadFullError], [2, 2])
        assert.isAtLeast(TimeoutError, 1)
        assert.deepInclude(metric("deadline.exceeded"), { count: TimeoutError })
      }
    })
  )

  it.effect("counts calls that are refused by the rate limit and the size limit", () =>
    Effect.gen(function* () {
      const limits = { rateLimit: { limit: 1, burst: 2 }, limitSize: { maxSize: "10 B" } } as const
      for (const preset of [
        Stack.production({ ...open, ...limits, compression: planted }),
        Stack.multiTenant({ tenant: "s", ...limits })
      ]) {
        const { total, sent } = yield* observed(preset, script(), (kv) =>
          Effect.forEach(["x".repeat(100), 1, 2, 3], (value) => Effect.exit(kv.put("k", value)))
        )
        assert.deepInclude(total.put, { calls: 4, errors: { EntryTooLargeError: 1, RateLimitedError: 1 } })
        assert.strictEqual(sent, 2)
      }
    })
  )

  it.effect("encrypts values in the store and not in the cache, with all options", () => {
    const near = memory()
    return Effect.gen(function* () {
      const preset = Stack.production({
        ...base,
        hedge: {},
        circuitBreaker: {},
        bulkhead: {},
        rateLimit: { limit: 1000 },
        deadline: "10 seconds",
        limitSize: { maxSize: "1 MiB" },
        cache: { cache: near }
      })
      const kv = KeyValue.KeyValue.use((kv) => Effect.andThen(kv.put("k", "text"), kv.get("k")))
      assert.strictEqual(yield* Effect.provide(kv, Memory.layer().pipe(preset)), "text")
      assert.strictEqual(yield* stored("k"), "text")
    }).pipe(Effect.provide(near))
  })

  it("has the errors and requirements of the cache in its type", () => {
    class Place extends Context.Service<Place, string>()("test/Place") {}
    const cache = Layer.unwrap(Effect.map(Place, () => Memory.layer())).pipe(
      Layer.tap(() => Effect.fail("no disk" as const))
    )
    type Types<L extends Layer.Any> = [Layer.Error<L>, Layer.Services<L>]
    const production = Memory.layer().pipe(Stack.production({ ...base, cache: { cache } }))
    const tenant = Memory.layer().pipe(Stack.multiTenant({ tenant: "a", cache: { cache } }))
    const plain = Memory.layer().pipe(Stack.production(base))
    const types: [
      Equal<Types<typeof production>, [KeyValueError.StoreSetupError | "no disk", Place]>,
      Equal<Types<typeof tenant>, [KeyValueError.StoreSetupError | "no disk", Place]>,
      Equal<Types<typeof plain>, [KeyValueError.StoreSetupError, never]>
    ] = [true, true, true]
    assert.lengthOf(types, 3)
  })
})

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
