import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { Counted } from "../../telemetry/attributes.ts"
import { counterOf } from "../../telemetry/metrics.ts"
import { Bound } from "./Bound.ts"

/** OpenTelemetry's advice for `db.client.operation.duration`, in seconds. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** `unit` is where Effect's exporters look for the unit. */
const durationOf = (attributes: Metric.Metric.AttributeSet) =>
  Metric.histogram("db.client.operation.duration", {
    description: "Duration of database client operations",
    attributes: { ...attributes, unit: "s" },
    boundaries
  })

const operationsOf = (attributes: Metric.Metric.AttributeSet) =>
  counterOf("operations", "Keys that operations were about; a batch counts each of its keys", attributes)

/** The metrics of one set of attributes. */
export class Metrics {
  private readonly attributes: Metric.Metric.AttributeSet
  private readonly calls: Bound
  private readonly hits: Bound
  private readonly misses: Bound
  private readonly failures = new Map<string, Bound>()

  constructor(attributes: Metric.Metric.AttributeSet) {
    this.attributes = attributes
    this.calls = new Bound(durationOf(attributes), operationsOf(attributes))
    this.hits = new Bound(counterOf("hits", "Keys that were found", attributes))
    this.misses = new Bound(counterOf("misses", "Keys that were not found", attributes))
  }

  succeeded(nanos: number, counted: Counted, context: Context.Context<never>): void {
    const [duration, operations] = this.calls.hooks(context)
    duration!.update(nanos / 1e9, context)
    operations!.update(counted.count, context)
    if (counted.hits > 0) this.hits.hooks(context)[0]!.update(counted.hits, context)
    if (counted.misses > 0) this.misses.hooks(context)[0]!.update(counted.misses, context)
  }

  failed(nanos: number, errorType: string, keys: number, context: Context.Context<never>): void {
    let bound = this.failures.get(errorType)
    if (bound === undefined) {
      const attributes = { ...this.attributes, "error.type": errorType }
      this.failures.set(errorType, (bound = new Bound(durationOf(attributes), operationsOf(attributes))))
    }
    const [duration, operations] = bound.hooks(context)
    duration!.update(nanos / 1e9, context)
    operations!.update(Math.max(keys, 1), context)
  }
}
