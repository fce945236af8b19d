/** Tests the metrics in Prometheus' text format. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { KeyValue } from "../../src/KeyValue.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as Retry from "../../src/wrappers/Retry.ts"
import * as Statistics from "../../src/wrappers/Statistics.ts"
import { failing } from "../wrappers/observed.ts"

describe("Prometheus", () => {
  it.effect("shows the metrics of a store in the text format", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      yield* kv.put("a", 1, { collection: "users" })
      yield* kv.getMany(["a", "b"], { collection: "users" })
      yield* Effect.exit(kv.get("a", { collection: "down" }))
      const lines = (yield* PrometheusMetrics.format()).split("\n")
      const labels = `db_system_name="memory",db_operation_name="getMany",db_collection_name="users",db_namespace="main"`
      const failed = `db_system_name="memory",db_operation_name="get",db_collection_name="down",db_namespace="main",error_type="StoreUnavailableError"`
      for (const line of [
        "# TYPE db_client_operation_duration histogram",
        `db_client_operation_duration_bucket{${labels},le="0.001"} 1`,
        `db_client_operation_duration_bucket{${labels},le="+Inf"} 1`,
        `db_client_operation_duration_sum{${labels}} 0`,
        `db_client_operation_duration_count{${labels}} 1`,
        "# TYPE effect_kv_operations counter",
        `effect_kv_operations{${labels}} 2`,
        `effect_kv_hits{${labels}} 1`,
        `effect_kv_misses{${labels}} 1`,
        `db_client_operation_duration_count{${failed}} 1`,
        `effect_kv_operations{${failed}} 1`
      ]) {
        assert.include(lines, line)
      }
    }).pipe(
      Effect.provide(Memory.layer().pipe(failing, Statistics.wrap({ store: "main" }))),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )

  it.effect("shows the counters of a wrapper before their first event, so that a rate sees it", () =>
    Effect.gen(function* () {
      const lines = (yield* PrometheusMetrics.format()).split("\n")
      assert.include(lines, `effect_kv_retry_retries{db_system_name="memory",db_namespace="main"} 0`)
    }).pipe(
      Effect.provide(Memory.layer().pipe(Retry.wrap({ store: "main" }))),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )

  it.effect("uses the names from a mapper", () =>
    Effect.gen(function* () {
      yield* (yield* KeyValue).get("a")
      const text = yield* PrometheusMetrics.format({
        metricNameMapper: (name) => (name === "db.client.operation.duration" ? `${name}_seconds` : `${name}_total`)
      })
      assert.include(text, "# TYPE db_client_operation_duration_seconds histogram")
      assert.include(text, "effect_kv_misses_total{")
    }).pipe(
      Effect.provide(Memory.layer().pipe(Statistics.wrap())),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )
})
