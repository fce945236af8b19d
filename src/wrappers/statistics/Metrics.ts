import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { Counted } from "../../telemetry/attributes.ts"
import { counterOf } from "../../telemetry/metrics.ts"
import { Bound } from "./Bound.ts"

/** The boundaries that OpenTelemetry recommends for `db.client.operation.duration`, in seconds. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** The metrics that every call updates: its duration, and the keys of operations. */
const callsOf = (attributes: Metric.Metric.AttributeSet) =>
  new Bound(
    Metric.histogram("db.client.operation.duration", {
      description: "Duration of database client operations",
      // Effect's exporters read the unit from the attribute `unit`.
      attributes: { ...attributes, unit: "s" },
      boundaries
    }),
    counterOf("operations", "Keys of operations; a batch counts each of its keys", attributes)
  )

/** The metrics of one set of attributes. */
export class Metrics {
  private readonly attributes: Metric.Metric.AttributeSet
  private readonly succeededCalls: Bound
  private readonly failedCalls = new Map<string, Bound>()
  private readonly hits: Bound
  private readonly misses: Bound

  constructor(attributes: Metric.Metric.AttributeSet) {
    this.attributes = attributes
    this.succeededCalls = callsOf(attributes)
    this.hits = new Bound(counterOf("hits", "Keys that were found", attributes))
    this.misses = new Bound(counterOf("misses", "Keys that were not found", attributes))
  }

  succeeded(nanos: number, counted: Counted, context: Context.Context<never>): void {
    const [duration, operations] = this.succeededCalls.hooks(context)
    duration!.update(nanos / 1e9, context)
    operations!.update(counted.count, context)
    if (counted.hits > 0) this.hits.hooks(context)[0]!.update(counted.hits, context)
    if (counted.misses > 0) this.misses.hooks(context)[0]!.update(counted.misses, context)
  }

  failed(nanos: number, errorType: string, keys: number, context: Context.Context<never>): void {
    const [duration, operations] = this.failedCallsOf(errorType).hooks(context)
    duration!.update(nanos / 1e9, context)
    operations!.update(Math.max(keys, 1), context)
  }

  private failedCallsOf(errorType: string): Bound {
    let calls = this.failedCalls.get(errorType)
    if (calls === undefined) {
      calls = callsOf({ ...this.attributes, "error.type": errorType })
      this.failedCalls.set(errorType, calls)
    }
    return calls
  }
}
