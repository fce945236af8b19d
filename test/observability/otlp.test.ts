/** Tests the metrics and spans that a collector receives over OTLP. */
import { spawn } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Otlp from "effect/observability/Otlp"
import { KeyValue } from "../../src/KeyValue.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as Retry from "../../src/wrappers/Retry.ts"
import * as Statistics from "../../src/wrappers/Statistics.ts"
import * as Timeout from "../../src/wrappers/Timeout.ts"
import * as Tracing from "../../src/wrappers/Tracing.ts"
import { failing } from "../wrappers/observed.ts"
import * as collector from "./collector.ts"

const Stack = Memory.layer().pipe(
  failing,
  Timeout.wrap(),
  Retry.wrap({ maxRetries: 1, initialDelay: "1 millis" }),
  Tracing.wrap({ store: "sessions" }),
  Statistics.wrap({ store: "sessions" })
)

const client = { "db.system.name": "memory", "db.namespace": "sessions" }

/** Runs a program with its own stack and exporters. Closing the exporters sends the rest. */
const exporting = <A, E>(url: string, program: Effect.Effect<A, E, KeyValue>) =>
  program.pipe(
    Effect.withSpan("request"),
    Effect.provide([
      Stack,
      Otlp.layerJson({ baseUrl: url, resource: { serviceName: "test" } }).pipe(Layer.provide(FetchHttpClient.layer))
    ]),
    Effect.provideService(Metric.MetricRegistry, new Map())
  )

const use = Effect.gen(function* () {
  const kv = yield* KeyValue
  yield* kv.put("secret-key", { secret: "secret-value" }, { collection: "users" })
  yield* kv.getMany(["secret-key", "b", "c"], { collection: "users" })
  yield* Effect.exit(kv.get("secret-key", { collection: "down" }))
  yield* Effect.exit(kv.get("secret-key", { collection: "refused" }))
})

describe("OTLP over HTTP", () => {
  it.live("receives metrics with OpenTelemetry's names, attributes and units", () =>
    Effect.gen(function* () {
      const server = yield* collector.make
      yield* exporting(server.url, use)
      const points = server.points()
      const of = (metric: string, operation: string, collection: string) =>
        points.filter(
          (point) =>
            point.metric === metric &&
            point.attributes["db.operation.name"] === operation &&
            point.attributes["db.collection.name"] === collection
        )
      const [getMany, ...more] = of("db.client.operation.duration", "getMany", "users")
      assert.isEmpty(more)
      assert.strictEqual(getMany?.unit, "s")
      assert.strictEqual(getMany?.count, 1)
      assert.isTrue(getMany!.sum! > 0 && getMany!.sum! < 1)
      assert.deepStrictEqual(getMany?.bounds, [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10])
      assert.lengthOf(getMany!.buckets!, 10)
      assert.strictEqual(
        getMany!.buckets!.reduce((sum, count) => sum + count),
        1
      )
      const attributes = { ...client, "db.operation.name": "getMany", "db.collection.name": "users" }
      assert.deepStrictEqual(getMany?.attributes, { ...attributes, unit: "s" })
      const counters = ["operations", "hits", "misses"].map((name) => {
        const [point] = of(`effect_kv.${name}`, "getMany", "users")
        return [point?.type, point?.value, point?.attributes]
      })
      assert.deepStrictEqual(counters, [
        ["sum", 3, attributes],
        ["sum", 1, attributes],
        ["sum", 2, attributes]
      ])
      const [down] = of("db.client.operation.duration", "get", "down")
      assert.strictEqual(down?.attributes["error.type"], "StoreUnavailableError")
      assert.strictEqual(down?.count, 1)
      assert.notInclude(server.text(), "secret")
    }).pipe(Effect.scoped)
  )

  it.live("receives spans with OpenTelemetry's names, kinds, attributes and status", () =>
    Effect.gen(function* () {
      const server = yield* collector.make
      yield* exporting(server.url, use)
      const spans = server.spans()
      const request = spans.find(({ name }) => name === "request")
      const operations = spans.filter((span) => span !== request)
      assert.deepStrictEqual(
        operations.map(({ name, kind, parent, attributes, status }) => ({
          name,
          kind,
          inRequest: parent === request?.id,
          attributes,
          status
        })),
        [
          {
            name: "put users",
            kind: 3,
            inRequest: true,
            attributes: { ...client, "db.operation.name": "put", "db.collection.name": "users" },
            status: { code: 1 }
          },
          {
            name: "getMany users",
            kind: 3,
            inRequest: true,
            attributes: {
              ...client,
              "db.operation.name": "getMany",
              "db.collection.name": "users",
              "db.operation.batch.size": 3
            },
            status: { code: 1 }
          },
          {
            name: "get down",
            kind: 3,
            inRequest: true,
            attributes: {
              ...client,
              "db.operation.name": "get",
              "db.collection.name": "down",
              "error.type": "StoreUnavailableError"
            },
            status: { code: 2, message: "ECONNREFUSED" }
          },
          {
            name: "get refused",
            kind: 3,
            inRequest: true,
            attributes: {
              ...client,
              "db.operation.name": "get",
              "db.collection.name": "refused",
              "error.type": "StoreError"
            },
            status: { code: 2, message: "StoreError" }
          }
        ]
      )
      assert.isTrue(spans.every(({ nanos }) => nanos > 0))
    }).pipe(Effect.scoped)
  )

  it.live("receives metrics and spans from the example, which ends by itself", () =>
    Effect.gen(function* () {
      const server = yield* collector.make
      const { code, output } = yield* runExample({ OTEL_EXPORTER_OTLP_ENDPOINT: server.url })
      assert.strictEqual(code, 0, output)
      assert.include(output, "get: 1 calls, hit rate 0.5")
      assert.deepStrictEqual(
        server.spans().map(({ name }) => name),
        ["put users", "getMany users", "delete users", "example"]
      )
      const operations = server.points().filter(({ metric }) => metric === "effect_kv.operations")
      assert.deepStrictEqual(
        operations.map(({ attributes, value }) => [attributes["db.operation.name"], value]),
        [
          ["put", 1],
          ["getMany", 2],
          ["delete", 1]
        ]
      )
    }).pipe(Effect.scoped)
  )

  it.live("is not needed by the example", () =>
    Effect.gen(function* () {
      const { code, output } = yield* runExample({})
      assert.strictEqual(code, 0, output)
      assert.include(output, "nothing is exported")
    })
  )
})

const runExample = (env: Record<string, string>) =>
  Effect.callback<{ readonly code: number | null; readonly output: string }>((resume) => {
    const { OTEL_EXPORTER_OTLP_ENDPOINT: _, ...inherited } = process.env
    const child = spawn(process.execPath, ["--conditions=@effect-kv/source", "examples/opentelemetry.ts"], {
      env: { ...inherited, ...env }
    })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk))
    child.on("close", (code) => resume(Effect.succeed({ code, output })))
    return Effect.sync(() => child.kill())
  })
