/**
 * A service that uses every part of effect-kv that has metrics, while its stores fail in cycles. It serves its metrics at
 * `/metrics` with the names of Effect, and at `/otlp` with the names that Prometheus gives metrics that arrive over OTLP.
 *
 * Its arguments are the port and the length of a cycle in seconds. It runs until it is killed.
 */
import { createServer } from "node:http"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Context, Effect, Layer, Random, References, Schema } from "effect"
import { HttpRouter } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
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
} from "../../../src/index.ts"
import * as Chaos from "../../../src/testing/Chaos.ts"
import { otlpName } from "./names.ts"

const [port = "9464", seconds = "12"] = process.argv.slice(2)

/** A moment of the cycle, in milliseconds. */
const at = (part: number): number => part * Number(seconds) * 1000

/** A user, a cart or a page, which the service reads and writes all the time. */
const sessions = "sessions"

const Sessions = (chaos: Chaos.Service) =>
  Memory.layer().pipe(
    Chaos.wrapWith(chaos),
    Timeout.wrap("60 millis"),
    Hedge.wrap({ store: sessions, maxExtra: 0.5 }),
    Retry.wrap({ store: sessions, initialDelay: "20 millis", budget: { ratio: 0.05, minPerSecond: 2 } }),
    CircuitBreaker.wrap({ store: sessions, openFor: "1 second", maxOpenFor: "1 second" }),
    Bulkhead.wrap({ store: sessions, maxConcurrent: 20, maxQueue: 60, maxWait: "20 millis" }),
    RateLimit.wrap({ store: sessions, limit: 600, burst: 250 }),
    Deadline.wrap("100 millis", { store: sessions }),
    PassthroughCache.wrap({
      store: sessions,
      cache: Memory.layer(),
      maxTtl: "1 second",
      missingTtl: "1 second",
      refreshAhead: { fraction: 0.2 },
      maxStale: "1 second"
    }),
    Statistics.wrap({ store: sessions })
  )

const Primary = Memory.layer()

const Orders = (chaos: Chaos.Service) =>
  Primary.pipe(
    Chaos.wrapWith(chaos),
    Fallback.wrap({
      fallback: Memory.layer(),
      recovery: { store: "orders", settleTime: "500 millis", maxDelay: "500 millis" }
    }),
    RateLimit.wrap({ store: "orders", limit: 20, burst: 5, onExceeded: "wait", maxWait: "10 seconds" }),
    Statistics.wrap({ store: "orders" })
  )

const Profiles = (chaos: Chaos.Service) =>
  Memory.layer().pipe(
    Replicate.wrap({
      store: "profiles",
      replicas: [Memory.layer().pipe(Chaos.wrapWith(chaos)), Memory.layer()],
      pause: "200 millis",
      settleTime: "500 millis"
    }),
    Statistics.wrap({ store: "profiles" })
  )

/** Runs an effect again and again, whatever happens to it. */
const forever = <A, E, R>(pause: number, effect: Effect.Effect<A, E, R>) =>
  Effect.forever(Effect.andThen(Effect.ignore(effect), Effect.sleep(pause)))

/** Few keys are read often, and most of them rarely. */
const anyKey = Effect.map(Random.next, (n) => `key-${Math.floor(n ** 3 * 400)}`)

const workload = Effect.gen(function* () {
  const memoMap = yield* Layer.makeMemoMap
  const scope = yield* Effect.scope
  const build = <A, E>(layer: Layer.Layer<A, E>) => Layer.buildWithMemoMap(layer, memoMap, scope)
  const chaos = {
    sessions: yield* Chaos.make({
      rates: { failBefore: 0.02, delay: 0.3, stall: 0.01 },
      delay: { min: "1 millis", max: "12 millis" }
    }),
    orders: yield* Chaos.make({}),
    profiles: yield* Chaos.make({}),
    products: yield* Chaos.make({})
  }

  const kv = Context.get(yield* build(Sessions(chaos.sessions)), KeyValue.KeyValue)
  const collections = ["users", "users", "users", "carts", "pages"]
  const one = Effect.gen(function* () {
    const collection = collections[yield* Random.nextIntBetween(0, collections.length - 1)]!
    const key = yield* anyKey
    const dice = yield* Random.next
    if (dice < 0.6) return yield* kv.get(key, { collection })
    if (dice < 0.7) return yield* kv.getMany([key, yield* anyKey, yield* anyKey], { collection })
    if (dice < 0.97) return yield* kv.put(key, { text: key.repeat(10) }, { collection, ttl: "20 seconds" })
    return yield* kv.delete(key, { collection })
  })
  const crowd = Effect.replicateEffect(Effect.ignore(one), 1500, { concurrency: "unbounded", discard: true })

  const orders = Context.get(yield* build(Orders(chaos.orders)), KeyValue.KeyValue)
  const elsewhere = Context.get(yield* build(Primary), KeyValue.KeyValue)
  const order = Effect.flatMap(anyKey, (key) => orders.put(key, { total: 1 }, { ttl: "1 minute" }))

  const profiles = Context.get(yield* build(Profiles(chaos.profiles)), KeyValue.KeyValue)
  const profile = Effect.gen(function* () {
    const key = yield* anyKey
    yield* profiles.put(key, { name: key }, { ttl: "1 minute" })
    yield* profiles.get(key)
  })

  const shared = yield* build(Memory.layer().pipe(Chaos.wrapWith(chaos.products)))
  const products = yield* LoadingCache.make({
    collection: "products",
    schema: Schema.String,
    lookup: (key) =>
      Effect.gen(function* () {
        yield* Effect.sleep(yield* Random.nextIntBetween(5, 40))
        return (yield* Random.next) < 0.05 ? yield* Effect.fail("the database is down") : key
      }),
    ttl: "1 second",
    staleFor: "5 seconds",
    refreshAhead: { fraction: 0.2 },
    cacheErrors: { schema: Schema.String, ttl: "200 millis" }
  }).pipe(Effect.provide(shared))
  const product = Effect.flatMap(anyKey, (key) => products.get(key))

  const leases = yield* build(Memory.layer())
  const held = Lease.withLease("report", { ttl: "300 millis" }, () => Effect.sleep("150 millis")).pipe(
    Effect.provide(leases)
  )
  const loseLease = Context.get(leases, KeyValue.KeyValue).delete("report", { collection: "effect-kv:leases" })

  const after = <E>(part: number, effect: Effect.Effect<unknown, E>) => Effect.delay(effect, at(part))
  const incidents = Effect.all(
    [
      after(0.2, chaos.sessions.down()),
      after(0.45, chaos.sessions.up),
      after(0.7, crowd),
      after(0.2, chaos.orders.down()),
      // Another process writes what waits in the journal.
      after(0.3, orders.put("shared", { total: 1 })),
      after(0.4, elsewhere.put("shared", { total: 2 })),
      after(0.5, chaos.orders.up),
      after(0.4, chaos.profiles.down()),
      after(0.6, chaos.profiles.up),
      after(0.6, chaos.products.down()),
      after(0.8, chaos.products.up),
      ...[0.45, 0.5, 0.55, 0.6].map((part) => after(part, loseLease)),
      Effect.sleep(at(1))
    ],
    { concurrency: "unbounded", discard: true }
  )
  const fibers = [
    ...Array.from({ length: 8 }, () => forever(12, one)),
    ...Array.from({ length: 4 }, () => forever(40, order)),
    forever(20, profile),
    ...Array.from({ length: 3 }, () => forever(15, product)),
    forever(50, held),
    forever(50, held),
    forever(0, incidents)
  ]
  yield* Effect.all(fibers, { concurrency: "unbounded", discard: true })
}).pipe(Random.withSeed("dashboard"), Effect.provideService(References.MinimumLogLevel, "None"))

const Metrics = Layer.mergeAll(
  PrometheusMetrics.layerHttp(),
  PrometheusMetrics.layerHttp({ path: "/otlp", metricNameMapper: otlpName })
)

HttpRouter.serve(Metrics, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.merge(Layer.effectDiscard(Effect.forkScoped(workload))),
  Layer.provide(NodeHttpServer.layer(createServer, { port: Number(port), host: "127.0.0.1" })),
  Layer.launch,
  NodeRuntime.runMain
)
