/**
 * Metrics, spans and logs of a store, exported over OTLP/HTTP to an OpenTelemetry collector:
 *
 *     OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 npx node --conditions=@effect-kv/source examples/opentelemetry.ts
 *
 * To start a collector: docker run --rm -p 4318:4318 otel/opentelemetry-collector
 */
import { NodeRuntime } from "@effect/platform-node"
import { Config, Console, Duration, Effect, Layer, Option } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import { KeyValue, Logging, Memory, Retry, Statistics, Timeout, Tracing } from "effect-kv"

// These three are outermost, so they see what the application sees: one operation, even if it takes several attempts.
const Store = Memory.layer().pipe(
  Timeout.wrap("1 second"),
  Retry.wrap(),
  Tracing.wrap({ store: "sessions" }),
  Logging.wrap({ store: "sessions", level: "Debug" }),
  Statistics.wrap({ store: "sessions" })
)

// Telemetry is exported every few seconds, and a last time when the layer is closed.
const Telemetry = Layer.unwrap(
  Effect.gen(function* () {
    const endpoint = yield* Config.option(Config.String("OTEL_EXPORTER_OTLP_ENDPOINT"))
    if (Option.isNone(endpoint)) {
      yield* Console.log("OTEL_EXPORTER_OTLP_ENDPOINT is not set: nothing is exported.")
      return Layer.empty
    }
    return Otlp.layerJson({ baseUrl: endpoint.value, resource: { serviceName: "effect-kv-example" } })
  })
).pipe(Layer.provide(FetchHttpClient.layer))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
  yield* kv.getMany(["alice", "bob"], { collection: "users" })
  yield* kv.delete("alice", { collection: "users" })

  const statistics = yield* Statistics.Statistics
  const { total } = yield* statistics.snapshot
  for (const [operation, { calls, hitRate, latency }] of Object.entries(total)) {
    const rate = hitRate === undefined ? "" : `, hit rate ${hitRate}`
    yield* Console.log(`${operation}: ${calls} calls${rate}, p99 ${Duration.toMillis(latency.p99).toFixed(2)} ms`)
  }
}).pipe(Effect.withSpan("example"))

program.pipe(Effect.provide([Store, Telemetry]), NodeRuntime.runMain)
