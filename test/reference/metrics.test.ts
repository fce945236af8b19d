/** Tests that `docs/tools/metrics.ts` has every metric of the code, with the attributes that a running program records. */
import { globSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import {
  Bulkhead,
  CircuitBreaker,
  Deadline,
  Fallback,
  Hedge,
  KeyValue,
  Lease,
  LoadingCache,
  Memory,
  PassthroughCache,
  RateLimit,
  Replicate,
  Retry,
  Statistics,
  Timeout
} from "effect-kv"
import { type MetricInfo, metrics } from "../../docs/tools/metrics.ts"
import { faulty, type Step, script } from "../support/faults.ts"

const byName = new Map(metrics.map((metric) => [metric.name, metric]))

/** A name without its prefix, and a description, as the code writes them. */
const written = ({ name, description }: Pick<MetricInfo, "name" | "description">): string => `${name}: ${description}`

/** The metrics that the source files make. */
const inCode = globSync("src/**/*.ts").flatMap((file) => {
  const text = readFileSync(file, "utf8")
  const counted = [...text.matchAll(/\b(?:counter|gauge|counterOf)\(\s*"([\w.]+)",\s*"([^"]+)"/g)]
  const histograms = [...text.matchAll(/Metric\.histogram\("([\w.]+)", \{\s*description(?:: "([^"]+)")?/g)]
  const [, described = ""] = /const description = "([^"]+)"/.exec(text) ?? []
  const prefix = file.startsWith("src/loadingCache/") ? "loading_cache." : ""
  return [
    ...counted.map(([, name = "", description = ""]) =>
      written({ name: `effect_kv.${name.startsWith(prefix) ? "" : prefix}${name}`, description })
    ),
    ...histograms.map(([, name = "", description = described]) => written({ name, description }))
  ]
})

describe("the list of metrics", () => {
  it("has the metrics of the code, with their descriptions", () => {
    assert.deepStrictEqual([...new Set(inCode)].sort(), metrics.map(written).sort())
  })

  it("has each name once", () => assert.strictEqual(byName.size, metrics.length))

  it("says what each metric counts, in words", () => {
    assert.deepStrictEqual(
      metrics.filter(({ description, unit }) => !/^[A-Z1]/.test(description) || unit === "").map(({ name }) => name),
      []
    )
  })
})

const store = (...steps: Array<Step>) => Memory.layer({ seed: { c: { k: "v" } } }).pipe(faulty(script(...steps)))

const on = { collection: "c" }

const use = <A>(
  f: (kv: KeyValue.Service) => Effect.Effect<A, unknown>,
  layer: Layer.Layer<KeyValue.KeyValue, unknown>
) => Effect.exit(KeyValue.KeyValue.use(f).pipe(Effect.andThen(Metric.snapshot), Effect.provide(layer)))

const get = (kv: KeyValue.Service) => Effect.exit(kv.get("k", on))

const put = (kv: KeyValue.Service) => Effect.exit(kv.put("k", 1, on))

const named = { store: "main" } as const

const sequence = (...effects: ReadonlyArray<Effect.Effect<unknown, unknown>>) =>
  Effect.forEach(effects, (it) => it, { discard: true })

/** Programs that record metrics, by the module that records them. */
const programs: Readonly<Record<string, Effect.Effect<unknown, unknown>>> = {
  Statistics: use(
    (kv) => sequence(put(kv), get(kv), kv.get("missing", on), get(kv)),
    store("ok", "ok", "ok", "unavailable").pipe(Statistics.wrap(named))
  ),
  Retry: use(
    (kv) => sequence(get(kv), get(kv)),
    store("unavailable", "ok", "unavailable").pipe(
      Retry.wrap({ ...named, initialDelay: 1, budget: { ratio: 1, minPerSecond: 0 } })
    )
  ),
  CircuitBreaker: use(
    (kv) => sequence(get(kv), get(kv)),
    store("unavailable").pipe(CircuitBreaker.wrap({ ...named, trip: { consecutive: 1 }, per: "collection" }))
  ),
  Bulkhead: use(
    (kv) => Effect.all([get(kv), get(kv), get(kv)], { concurrency: "unbounded" }),
    store(20, 20, 20).pipe(Bulkhead.wrap({ ...named, maxConcurrent: 1, maxQueue: 1, maxWait: "5 millis" }))
  ),
  RateLimit: sequence(
    use((kv) => sequence(get(kv), get(kv)), store().pipe(RateLimit.wrap({ ...named, limit: 1 }))),
    use(
      (kv) => sequence(get(kv), get(kv)),
      store().pipe(RateLimit.wrap({ ...named, limit: 1, window: "5 millis", onExceeded: "wait" }))
    )
  ),
  Deadline: use(get, store("hang").pipe(Deadline.wrap("5 millis", named))),
  Hedge: use(
    get,
    store("hang").pipe(Hedge.wrap({ ...named, after: "5 millis", maxExtra: 1 }), Timeout.wrap("1 second"))
  ),
  PassthroughCache: use(
    (kv) => sequence(get(kv), get(kv)),
    store().pipe(PassthroughCache.wrap({ ...named, cache: Memory.layer() }))
  ),
  Fallback: use(
    (kv) => sequence(put(kv), Effect.sleep("50 millis")),
    store("unavailable").pipe(
      Fallback.wrap({ fallback: Memory.layer(), recovery: { ...named, initialDelay: 1, settleTime: 1 } })
    )
  ),
  Replicate: use(
    (kv) => sequence(put(kv), Effect.sleep("100 millis")),
    store("unavailable").pipe(
      Replicate.wrap({ ...named, replicas: [Memory.layer(), Memory.layer()], pause: "5 millis", settleTime: 1 })
    )
  ),
  Lease: Effect.provide(
    Lease.withLease("job", {}, () => Effect.void),
    Memory.layer()
  ),
  LoadingCache: Effect.gen(function* () {
    const cache = yield* LoadingCache.make({
      collection: "numbers",
      schema: Schema.Finite,
      lookup: () => Effect.succeed(1),
      ttl: "1 minute",
      refreshAhead: "59.99 seconds"
    })
    yield* cache.get("a")
    yield* Effect.sleep("20 millis")
    yield* cache.get("a")
    yield* Effect.sleep("20 millis")
    yield* Effect.exit(cache.get("a"))
  }).pipe(Effect.scoped, Effect.provide(store("ok", "ok", "ok", "unavailable")))
}

type Recorded = { readonly kind: string; readonly keys: ReadonlySet<string>; readonly description: string | undefined }

/** What a program records, by the names of the metrics. Gauges are gone when their layer is closed, so `use` takes snapshots. */
const recordedBy = (program: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(program)
    const inside = exit._tag === "Success" ? (exit.value as unknown) : undefined
    const found = new Map<string, Recorded>()
    for (const metric of [...snapshotsIn(inside), ...(yield* Metric.snapshot)]) {
      const { attributes = {}, description, type } = metric
      const keys = new Set([...(found.get(metric.id)?.keys ?? []), ...Object.keys(attributes)])
      found.set(metric.id, { kind: type.toLowerCase(), keys, description })
    }
    return found
  }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()), Effect.provide(Logger.layer([])))

const snapshotsIn = (value: unknown): ReadonlyArray<Metric.Metric.Snapshot> =>
  Array.isArray(value)
    ? value.filter((it) => typeof it === "object" && it !== null && "id" in it)
    : typeof value === "object" && value !== null && "value" in value
      ? snapshotsIn(value.value)
      : []

describe("the metrics of a running program", () => {
  for (const [module, program] of Object.entries(programs)) {
    it.live(`of ${module} are in the list`, () =>
      Effect.gen(function* () {
        const found = yield* recordedBy(program)
        const own = [...found].filter(([name]) => byName.get(name)?.module === module)
        assert.isAbove(own.length, 0)
        for (const [name, { kind, keys, description }] of found) {
          const known = byName.get(name)
          assert.isDefined(known, `${name} is not in the list`)
          const attributes = [...keys].filter((key) => key !== "unit")
          assert.deepStrictEqual({ kind, description }, { kind: known.kind, description: known.description }, name)
          assert.deepStrictEqual(
            attributes.filter((key) => !known.attributes.includes(key)),
            [],
            name
          )
        }
        for (const [name, { keys }] of own) {
          const optional = ["error.type"]
          assert.includeMembers([...keys, ...optional], [...byName.get(name)!.attributes], name)
          assert.strictEqual(keys.has("unit"), byName.get(name)!.unit === "s", name)
        }
      })
    )
  }
})
