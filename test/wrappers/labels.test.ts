/** Tests that names in metrics, spans, log lines and error messages are bounded, and stay on one line. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import {
  CircuitBreaker,
  Driver,
  KeyValue,
  KeyValueError,
  Logging,
  Maintenance,
  Memory,
  Routing,
  Statistics,
  Tracing
} from "../../src/index.ts"
import * as any from "../properties/arbitraries.ts"
import { recorder } from "../support/spans.ts"
import { failing } from "./observed.ts"

/** Names of collections in the metrics of a store. */
const labels = (store: string, prefix = "") =>
  Effect.map(
    Metric.snapshot,
    (all) =>
      new Set(
        all.flatMap(({ id, attributes = {} }) => {
          const { "db.namespace": namespace, "db.collection.name": collection } = attributes as Record<string, string>
          return id.startsWith(prefix) && namespace === store && collection !== undefined ? [collection] : []
        })
      )
  )

/** Runs an effect with a separate metric registry. */
const apart = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.provideService(self, Metric.MetricRegistry, new Map())

const use = <A, E>(f: (kv: KeyValue.Service) => Effect.Effect<A, E>) => KeyValue.KeyValue.use(f)

describe("collection labels of metrics", () => {
  const statistics = Statistics.wrap({ store: "s", maxCollections: 3 })
  const layer = () => Memory.layer().pipe(statistics)

  it.effect.prop(
    "are bounded in any order of writes, resets and rebuilt layers",
    [Arbitrary.array(any.pick("put", "put", "put", "reset", "build", "build"), { maxLength: 40 })],
    ([steps]) =>
      Effect.gen(function* () {
        let built = yield* Layer.build(layer())
        let n = 0
        for (const step of steps) {
          if (step === "put") {
            yield* Context.get(built, KeyValue.KeyValue).put("k", 1, { collection: `c${n++}` })
          } else if (step === "reset") yield* Context.get(built, Statistics.Statistics).reset
          else built = yield* Layer.build(Layer.fresh(layer()))
        }
        const found = yield* labels("s")
        assert.isAtMost(found.size, 4)
        if (n > 3) assert.isTrue(found.has("_OTHER"))
      }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("are bounded for concurrent callers with different metric registries", () =>
    Effect.gen(function* () {
      const registries = [new Map(), new Map()]
      yield* Effect.forEach(
        Array.from({ length: 100 }, (_, i) => i),
        (i) =>
          use((kv) => kv.put("k", 1, { collection: `c${i % 50}` })).pipe(
            Effect.provideService(Metric.MetricRegistry, registries[i % 2]!)
          ),
        { concurrency: "unbounded" }
      )
      for (const registry of registries) {
        const found = yield* labels("s").pipe(Effect.provideService(Metric.MetricRegistry, registry))
        assert.isAtMost(found.size, 4)
        assert.isTrue(found.has("_OTHER"))
      }
    }).pipe(Effect.provide(layer()))
  )

  it.effect("start again in the snapshot after a reset, and stay the same in the metrics", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const statistics = yield* Statistics.Statistics
      for (const collection of ["a", "b", "c", "d"]) yield* kv.put("k", 1, { collection })
      yield* statistics.reset
      for (const collection of ["d", "a"]) yield* kv.put("k", 1, { collection })
      assert.deepStrictEqual([...(yield* statistics.snapshot).collections.keys()], ["d", "a"])
      assert.deepStrictEqual([...(yield* labels("s"))].sort(), ["_OTHER", "a", "b", "c"])
    }).pipe(Effect.provide(layer()), apart)
  )

  it.effect("are bounded over all circuit breakers that were ever built for a store", () =>
    Effect.gen(function* () {
      const breaker = CircuitBreaker.wrap({
        store: "b",
        per: "collection",
        maxCollections: 3,
        trip: { consecutive: 1 }
      })
      for (let i = 0; i < 10; i++) {
        const down = Driver.wrapper(
          Driver.around((call) =>
            Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "scripted", sent: false }))
          )
        )
        const read = use((kv) => Effect.exit(kv.get("k", { collection: `c${i}` })))
        yield* Effect.provide(read, Memory.layer().pipe(down, breaker))
      }
      assert.deepStrictEqual([...(yield* labels("b"))].sort(), ["_OTHER", "c0", "c1", "c2"])
    }).pipe(apart)
  )

  it.effect("are cut to 256 characters and escaped where they would break a line", () =>
    Effect.gen(function* () {
      yield* use((kv) => kv.put("k", 1, { collection: "x".repeat(60_000) }))
      yield* use((kv) => kv.put("k", 1, { collection: "a\nb\u2028c\u202Ed" }))
      assert.deepStrictEqual([...(yield* labels("s"))], [`${"x".repeat(256)}…`, "a\\nb\\u2028c\\u202ed"])
    }).pipe(Effect.provide(layer()), apart)
  )

  it.effect("errors of unknown form are counted as _OTHER", () =>
    Effect.gen(function* () {
      const strange = Driver.wrapper(
        Driver.around(() => Effect.fail({ _tag: "a\nb".repeat(1000) } as unknown as KeyValueError.StoreError))
      )
      const snapshot = Effect.andThen(
        use((kv) => Effect.exit(kv.get("k"))),
        Statistics.Statistics.use((it) => it.snapshot)
      )
      const { total } = yield* Effect.provide(snapshot, Memory.layer().pipe(strange, Statistics.wrap()))
      assert.deepStrictEqual(total.get?.errors, { _OTHER: 1 })
    }).pipe(apart)
  )
})

describe("calls about no collection", () => {
  it.effect("have no collection label, including calls that a wrapper makes for another call", () =>
    Effect.gen(function* () {
      const listed: Array<unknown> = []
      const inner = Memory.layer().pipe(
        Statistics.wrap({ store: "s" }),
        Driver.wrapper(
          Driver.around((call, next) => {
            listed.push([call._tag, Driver.collectionOf(call)])
            return next(call)
          })
        ),
        Routing.wrap({ stores: { other: Memory.layer() }, route: () => undefined })
      )
      yield* Effect.provide(
        Maintenance.Maintenance.use((it) => it.clear),
        inner
      )
      assert.deepStrictEqual(listed, [["collections", undefined]])
      assert.deepStrictEqual(yield* labels("s"), new Set())
    }).pipe(apart)
  )
})

describe("span names", () => {
  it.effect("tell 1,000 collections apart, cut and on one line, while an attribute names every collection", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const collections = Array.from({ length: 1100 }, (_, i) => `c${i}`)
      yield* use((kv) =>
        Effect.forEach(["\u001b[31m\n".repeat(10_000), ...collections, "c0"], (collection) =>
          kv.get("k".repeat(60_000), { collection })
        )
      ).pipe(Effect.provide(Memory.layer().pipe(Tracing.wrap({ recordKeys: true }))), Effect.withTracer(tracer))
      assert.strictEqual(new Set(spans.map(({ name }) => name)).size, 1001)
      assert.isTrue(spans.every(({ name }) => name.length < 2000 && !/\p{Cc}/u.test(name)))
      assert.strictEqual(spans.at(-1)?.name, "get c0")
      assert.strictEqual(spans.at(-2)?.name, "get _OTHER")
      assert.strictEqual(spans.at(-2)?.attributes.get("db.collection.name"), "c1099")
      assert.deepStrictEqual(spans.at(-1)?.attributes.get("effect_kv.keys"), [`${"k".repeat(256)}…`])
    })
  )
})

describe("lines of Logging", () => {
  const disruptive = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u

  /** The log lines of a program, as text. */
  const logged = (program: Effect.Effect<unknown, unknown, KeyValue.KeyValue>, options: Logging.Options) => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message, fiber }) => {
      const annotations = Object.entries(fiber.getRef(References.CurrentLogAnnotations))
      lines.push([message, ...annotations.map(([name, value]) => `${name}=${String(value)}`)].join(" "))
    })
    return Effect.as(
      Effect.provide(Effect.exit(program), [
        Memory.layer().pipe(failing, Logging.wrap({ logStart: true, ...options })),
        Logger.layer([logger])
      ]),
      lines
    )
  }

  const name = Arbitrary.map(
    Arbitrary.array(
      any.pick("\n", "\r", "\u001b[2J", "\u2028", "\u2029", "\u202E", "\u2066", "\u0085", "\u007f", "a"),
      {
        maxLength: 8
      }
    ),
    (parts) => `x${parts.join("")}`
  )

  it.effect.prop(
    "stay single lines for any keys, collections, values and store name",
    [name, name, name],
    ([key, collection, text]) =>
      Effect.gen(function* () {
        const program = use((kv) =>
          Effect.andThen(
            kv.putMany(
              [
                [key, text],
                ["other", { [text]: text }]
              ],
              { collection }
            ),
            kv.get(key, { collection })
          )
        )
        for (const logValues of [true, (value: unknown) => value]) {
          const lines = yield* logged(program, { logValues, store: text })
          assert.strictEqual(lines.length, 4)
          for (const line of lines) assert.notMatch(line, disruptive)
        }
      })
  )

  it.effect("show at most 256 characters of a collection or store name, and 1,000 of a reason", () =>
    Effect.gen(function* () {
      const long = "x".repeat(60_000)
      const lines = yield* logged(
        use((kv) => kv.put("k", 1, { collection: long })),
        { store: long }
      )
      for (const line of lines) assert.isBelow(line.length, 1000)
      const refused = Driver.wrapper(
        Driver.around((call) => Effect.fail(new KeyValueError.StoreError({ ...call.place, reason: `a\n${long}` })))
      )
      const reasons: Array<unknown> = []
      const logger = Logger.make(({ fiber }) => {
        reasons.push(fiber.getRef(References.CurrentLogAnnotations).reason)
      })
      yield* Effect.exit(use((kv) => kv.get("k"))).pipe(
        Effect.provide([Memory.layer().pipe(refused, Logging.wrap({ logValues: true })), Logger.layer([logger])])
      )
      assert.deepStrictEqual(reasons, [`a\\n${"x".repeat(998)}…`])
    })
  )
})

describe("error messages", () => {
  it("quote names on one line, with control characters escaped", () => {
    const place = { operation: "get", collection: "a\u2028b", keys: ["\u202Ek\n\u0085"] } as const
    const { message } = new KeyValueError.StoreError({ ...place, reason: "scripted" })
    assert.include(message, 'get in collection "a\\u2028b"')
  })
})
