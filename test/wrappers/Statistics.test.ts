/** Tests what Statistics counts and measures, in its snapshot and in metrics. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Atomic } from "../../src/Atomic.ts"
import { Enumeration } from "../../src/Enumeration.ts"
import { KeyValue } from "../../src/KeyValue.ts"
import { Maintenance } from "../../src/Maintenance.ts"
import * as Memory from "../../src/stores/Memory.ts"
import { Latencies } from "../../src/wrappers/common/Latencies.ts"
import * as Statistics from "../../src/wrappers/Statistics.ts"
import { failing, slow, throwing } from "./observed.ts"

/** Runs a program on a store with statistics and a separate metric registry. */
const withStatistics = <A, E>(
  program: Effect.Effect<A, E, KeyValue | Enumeration | Maintenance | Atomic | Statistics.Statistics>,
  options?: Statistics.Options
) =>
  program.pipe(
    Effect.provide(Memory.layer().pipe(failing, slow("10 millis"), Statistics.wrap(options))),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    autoAdvance
  )

/** Advances the test clock until the program has ended. */
const autoAdvance = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(program)
    while (fiber.pollUnsafe() === undefined) {
      yield* TestClock.adjust("1 millis")
      yield* Effect.yieldNow
    }
    return yield* Fiber.join(fiber)
  })

const snapshot = Effect.flatMap(Statistics.Statistics, (statistics) => statistics.snapshot)

const counts = ({ calls, count, hits, misses }: Statistics.OperationStatistics) => ({ calls, count, hits, misses })

const metrics = Effect.map(Metric.snapshot, (all) =>
  all.map(({ id, attributes, state }) => ({ id, attributes, state: { ...state } as Record<string, unknown> }))
)

describe("Statistics", () => {
  it.effect("counts the keys of reads as hits and misses, and batches under the single-key operation", () =>
    withStatistics(
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* kv.put("a", 1, { ttl: "1 hour" })
        yield* kv.get("a")
        yield* kv.get("b")
        yield* kv.getMany(["a", "b", "c"])
        yield* kv.ttl("a")
        yield* kv.ttlMany(["a", "b"])
        const { total } = yield* snapshot
        assert.deepStrictEqual(counts(total.get!), { calls: 3, count: 5, hits: 2, misses: 3 })
        assert.strictEqual(total.get!.hitRate, 2 / 5)
        assert.deepStrictEqual(counts(total.ttl!), { calls: 2, count: 3, hits: 2, misses: 1 })
        assert.deepStrictEqual(counts(total.put!), { calls: 1, count: 1, hits: 0, misses: 0 })
        assert.isUndefined(total.put!.hitRate)
        assert.isUndefined(total.delete)
      })
    )
  )

  it.effect("counts the keys of writes, and deletions of existing entries as hits", () =>
    withStatistics(
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* kv.putMany([
          ["a", 1],
          ["b", 2]
        ])
        yield* kv.delete("a")
        yield* kv.delete("a")
        yield* kv.deleteMany(["a", "b", "c"])
        const { total } = yield* snapshot
        assert.deepStrictEqual(counts(total.put!), { calls: 1, count: 2, hits: 0, misses: 0 })
        assert.deepStrictEqual(counts(total.delete!), { calls: 3, count: 5, hits: 2, misses: 3 })
      })
    )
  )

  it.effect("counts listed names, removed entries and each attempt of an atomic write", () =>
    withStatistics(
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const atomic = yield* Atomic
        const maintenance = yield* Maintenance
        const enumeration = yield* Enumeration
        assert.isTrue(yield* atomic.putIfAbsent("a", 1))
        assert.isFalse(yield* atomic.putIfAbsent("a", 2))
        assert.strictEqual(yield* atomic.update("a", (n) => (n as number) + 1), 2)
        assert.strictEqual(yield* atomic.getAndDelete("a"), 2)
        yield* kv.putMany(Array.from({ length: 3 }, (_, i) => [`k${i}`, i] as const))
        assert.lengthOf(yield* Stream.runCollect(enumeration.keys({ pageSize: 2 })), 3)
        assert.lengthOf(yield* Stream.runCollect(enumeration.collections()), 1)
        assert.strictEqual(yield* maintenance.clear, 3)
        const { total } = yield* snapshot
        assert.deepStrictEqual(counts(total.putIfAbsent!), { calls: 2, count: 2, hits: 0, misses: 0 })
        assert.deepStrictEqual(counts(total.update!), { calls: 2, count: 1, hits: 1, misses: 0 })
        assert.deepStrictEqual(counts(total.getAndDelete!), { calls: 2, count: 1, hits: 1, misses: 0 })
        assert.deepStrictEqual(counts(total.keys!), { calls: 2, count: 3, hits: 0, misses: 0 })
        assert.deepStrictEqual(counts(total.collections!), { calls: 1, count: 1, hits: 0, misses: 0 })
        assert.deepStrictEqual(counts(total.clear!), { calls: 1, count: 3, hits: 0, misses: 0 })
      })
    )
  )

  it.effect("counts failures by tag, defects and interruptions, without counting their keys", () =>
    withStatistics(
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* Effect.exit(kv.getMany(["a", "b"], { collection: "down" }))
        yield* Effect.exit(kv.get("a", { collection: "down" }))
        yield* Effect.exit(kv.get("a", { collection: "refused" }))
        const defect = yield* Effect.exit(kv.get("a", { collection: "broken" }))
        assert.isTrue(Exit.hasDies(defect))
        const fiber = yield* Effect.forkChild(kv.get("a"))
        yield* Effect.sleep("4 millis")
        yield* Fiber.interrupt(fiber)
        const { get } = (yield* snapshot).total
        assert.deepStrictEqual(get!.errors, { StoreUnavailableError: 2, StoreError: 1, Defect: 1, Interrupted: 1 })
        assert.deepStrictEqual(counts(get!), { calls: 5, count: 0, hits: 0, misses: 0 })
        assert.isUndefined(get!.hitRate)
      })
    )
  )

  it.effect("counts a driver that throws while it builds the effect as a defect", () =>
    Effect.gen(function* () {
      const broken = Memory.layer().pipe(throwing)
      const context = yield* Layer.build(broken.pipe(Statistics.wrap()))
      const exit = yield* Effect.exit(Context.get(context, KeyValue).get("a"))
      assert.isTrue(Exit.hasDies(exit))
      const { total } = yield* Context.get(context, Statistics.Statistics).snapshot
      assert.deepStrictEqual(total.get!.errors, { Defect: 1 })
    })
  )

  it.effect("measures how long calls take, including failed ones", () =>
    withStatistics(
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* kv.get("a")
        yield* Effect.exit(kv.get("a", { collection: "down" }))
        const { get } = (yield* snapshot).total
        assert.strictEqual(Duration.toMillis(get!.latency.max), 10)
        assert.approximately(Duration.toMillis(get!.latency.p50), 10, 0.1)
      })
    )
  )

  it.effect.prop(
    "estimates percentiles to within 1 %",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60_000_000_000 })))],
    ([times]) =>
      Effect.sync(() => {
        if (times.length === 0) return
        const [left, right] = [new Latencies(), new Latencies()]
        for (const [i, time] of times.entries()) (i % 2 === 0 ? left : right).add(time)
        left.merge(right)
        const sorted = times.toSorted((a, b) => a - b)
        const { half, most, max } = left.percentiles({ half: 0.5, most: 0.99 })
        const exactly = (part: number) => sorted[Math.ceil(part * sorted.length) - 1]!
        const nanos = (duration: Duration.Duration) => Duration.toMillis(duration) * 1e6
        assert.approximately(nanos(half), exactly(0.5), exactly(0.5) * 0.0101 + 1)
        assert.approximately(nanos(most), exactly(0.99), exactly(0.99) * 0.0101 + 1)
        assert.strictEqual(Math.round(nanos(max)), sorted.at(-1))
      })
  )

  it.effect("counts each collection separately, even one named __proto__", () =>
    withStatistics(
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* kv.put("a", 1)
        yield* kv.put("a", 1, { collection: "__proto__" })
        yield* kv.get("a", { collection: "__proto__" })
        const { total, collections } = yield* snapshot
        assert.deepStrictEqual([...collections.keys()], ["default_collection", "__proto__"])
        assert.deepStrictEqual(Object.keys(collections.get("default_collection")!), ["put"])
        assert.strictEqual(collections.get("__proto__")!.get!.hits, 1)
        assert.strictEqual(total.put!.count, 2)
        assert.deepStrictEqual(yield* Stream.runCollect((yield* Enumeration).collections()), [
          "default_collection",
          "__proto__"
        ])
      })
    )
  )

  it.effect("labels collections with collectionLabel and bounds how many are counted separately", () =>
    Effect.gen(function* () {
      const use = Effect.gen(function* () {
        const kv = yield* KeyValue
        for (const collection of ["user-1", "user-2", "order-1", "basket-1"]) yield* kv.get("a", { collection })
        yield* (yield* Maintenance).clear
        const { total, collections } = yield* snapshot
        assert.strictEqual(total.get!.count, 4)
        assert.strictEqual(total.clear!.calls, 1)
        return Object.fromEntries(
          [...collections].map(([name, { get, clear }]) => [name, clear ? "cleared" : get!.count])
        )
      })
      const label = (collection: string) => collection.replace(/-\d+$/, "")
      assert.deepStrictEqual(yield* withStatistics(use, { collectionLabel: label }), { user: 2, order: 1, basket: 1 })
      assert.deepStrictEqual(yield* withStatistics(use, { maxCollections: 2 }), { "user-1": 1, "user-2": 1, _OTHER: 2 })
      assert.deepStrictEqual(yield* withStatistics(use, { collectionLabel: false }), {})
      const throws = () => {
        throw new Error("a bug")
      }
      assert.deepStrictEqual(yield* withStatistics(use, { collectionLabel: throws }), { _OTHER: 4 })
    })
  )

  it.effect("updates metrics with the names and attributes of OpenTelemetry", () =>
    withStatistics(
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* kv.put("a", 1, { collection: "users" })
        yield* kv.getMany(["a", "b", "c"], { collection: "users" })
        yield* Effect.exit(kv.getMany(["a", "b"], { collection: "down" }))
        const all = yield* metrics
        const get = {
          "db.system.name": "memory",
          "db.operation.name": "getMany",
          "db.collection.name": "users",
          "db.namespace": "sessions"
        }
        const failed = { ...get, "db.collection.name": "down", "error.type": "StoreUnavailableError" }
        const of = (id: string, attributes: Record<string, string>) =>
          all.find(
            (metric) =>
              metric.id === id &&
              Object.entries(attributes).every(([name, value]) => metric.attributes?.[name] === value)
          )
        const duration = of("db.client.operation.duration", get)
        assert.deepStrictEqual(duration?.attributes, { ...get, unit: "s" })
        assert.deepStrictEqual(duration?.state, {
          buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10].map((bound) => [bound, bound < 0.01 ? 0 : 1]),
          count: 1,
          min: 0.01,
          max: 0.01,
          sum: 0.01
        })
        assert.deepStrictEqual(of("effect_kv.operations", get)?.attributes, get)
        assert.deepStrictEqual(of("effect_kv.operations", get)?.state, { count: 3, incremental: true })
        assert.deepStrictEqual(of("effect_kv.hits", get)?.state, { count: 1, incremental: true })
        assert.deepStrictEqual(of("effect_kv.misses", get)?.state, { count: 2, incremental: true })
        assert.deepStrictEqual(of("db.client.operation.duration", failed)?.attributes, { ...failed, unit: "s" })
        assert.deepStrictEqual(of("effect_kv.operations", failed)?.state, { count: 2, incremental: true })
        assert.isUndefined(of("effect_kv.misses", { "db.collection.name": "down" }))
        assert.isUndefined(of("effect_kv.hits", { "db.operation.name": "put" }))
      }),
      { store: "sessions" }
    )
  )

  it.effect("adds the metric attributes of the surrounding program", () =>
    withStatistics(
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* kv.put("a", 1).pipe(Effect.provideService(Metric.CurrentMetricAttributes, { tenant: "x" }))
        assert.strictEqual((yield* metrics)[0]?.attributes?.tenant, "x")
      })
    )
  )

  it.effect("resets the snapshot but not the metrics", () =>
    withStatistics(
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const statistics = yield* Statistics.Statistics
        yield* kv.put("a", 1)
        yield* (yield* Maintenance).removeExpired
        yield* statistics.reset
        assert.deepStrictEqual(yield* statistics.snapshot, { total: {}, collections: new Map() })
        yield* kv.put("a", 1)
        assert.strictEqual((yield* statistics.snapshot).total.put!.count, 1)
        const operations = (yield* metrics).find(({ id }) => id === "effect_kv.operations")
        assert.strictEqual(operations?.state.count, 2)
      })
    )
  )

  it.effect("keeps separate statistics for every layer that is built", () =>
    Effect.gen(function* () {
      const wrap = Statistics.wrap()
      const build = Layer.build(Layer.fresh(Memory.layer().pipe(wrap)))
      const [first, second] = [yield* build, yield* build]
      yield* Context.get(first, KeyValue).put("a", 1)
      assert.isDefined((yield* Context.get(first, Statistics.Statistics).snapshot).total.put)
      assert.deepStrictEqual((yield* Context.get(second, Statistics.Statistics).snapshot).total, {})
    })
  )

  it.effect("rejects an invalid maxCollections when the layer is built", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Layer.build(Memory.layer().pipe(Statistics.wrap({ maxCollections: 0 }))))
      assert.strictEqual(error._tag, "StoreSetupError")
      assert.include(error.message, "maxCollections")
    })
  )
})
