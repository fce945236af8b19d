import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { Counted } from "../../internal/telemetry.ts"

/** OpenTelemetry's advice for `db.client.operation.duration`, in seconds. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** `unit` is where Effect's exporters look for the unit. */
const durationOf = (attributes: Metric.Metric.AttributeSet) =>
  Metric.histogram("db.client.operation.duration", {
    description: "Duration of database client operations",
    attributes: { ...attributes, unit: "s" },
    boundaries
  })

const counterOf = (name: string, description: string, attributes: Metric.Metric.AttributeSet) =>
  Metric.counter(`effect_kv.${name}`, { description, attributes, incremental: true })

const operationsOf = (attributes: Metric.Metric.AttributeSet) =>
  counterOf("operations", "Keys that operations were about; a batch counts each of its keys", attributes)

/** The metrics of one set of attributes, bound to it once: `Metric.withAttributes` at each call costs ten times more. */
export class Metrics {
  private readonly attributes: Metric.Metric.AttributeSet
  private readonly duration: Metric.Histogram<number>
  private readonly operations: Metric.Counter<number>
  private readonly hits: Metric.Counter<number>
  private readonly misses: Metric.Counter<number>
  private readonly failures = new Map<
    string,
    { readonly duration: Metric.Histogram<number>; readonly operations: Metric.Counter<number> }
  >()

  constructor(attributes: Metric.Metric.AttributeSet) {
    this.attributes = attributes
    this.duration = durationOf(attributes)
    this.operations = operationsOf(attributes)
    this.hits = counterOf("hits", "Keys that were found", attributes)
    this.misses = counterOf("misses", "Keys that were not found", attributes)
  }

  succeeded(nanos: number, counted: Counted, context: Context.Context<never>): void {
    this.duration.updateUnsafe(nanos / 1e9, context)
    if (counted.count > 0) this.operations.updateUnsafe(counted.count, context)
    if (counted.hits > 0) this.hits.updateUnsafe(counted.hits, context)
    if (counted.misses > 0) this.misses.updateUnsafe(counted.misses, context)
  }

  failed(nanos: number, errorType: string, keys: number, context: Context.Context<never>): void {
    let failure = this.failures.get(errorType)
    if (failure === undefined) {
      const attributes = { ...this.attributes, "error.type": errorType }
      failure = { duration: durationOf(attributes), operations: operationsOf(attributes) }
      this.failures.set(errorType, failure)
    }
    failure.duration.updateUnsafe(nanos / 1e9, context)
    failure.operations.updateUnsafe(Math.max(keys, 1), context)
  }
}
