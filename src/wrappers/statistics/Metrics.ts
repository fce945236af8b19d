import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { Counted } from "../../telemetry/attributes.ts"
import { counterOf } from "../../telemetry/metrics.ts"

/** The boundaries that OpenTelemetry recommends for `db.client.operation.duration`, in seconds. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** The metrics that every call updates. */
const callsOf = (attributes: Metric.Metric.AttributeSet) => ({
  // Effect's exporters read the unit from the attribute `unit`.
  duration: Metric.histogram("db.client.operation.duration", {
    description: "Duration of database client operations",
    attributes: { ...attributes, unit: "s" },
    boundaries
  }),
  operations: counterOf("operations", "Keys of operations; a batch counts each of its keys", attributes)
})

type Calls = ReturnType<typeof callsOf>

/** The metrics of one set of attributes. */
export class Metrics {
  private readonly attributes: Metric.Metric.AttributeSet
  private readonly succeededCalls: Calls
  private readonly failedCalls = new Map<string, Calls>()
  private readonly hits: Metric.Counter<number>
  private readonly misses: Metric.Counter<number>

  constructor(attributes: Metric.Metric.AttributeSet) {
    this.attributes = attributes
    this.succeededCalls = callsOf(attributes)
    this.hits = counterOf("hits", "Keys that were found", attributes)
    this.misses = counterOf("misses", "Keys that were not found", attributes)
  }

  succeeded(nanos: number, counted: Counted, context: Context.Context<never>): void {
    const { duration, operations } = this.succeededCalls
    duration.updateUnsafe(nanos / 1e9, context)
    operations.updateUnsafe(counted.count, context)
    if (counted.hits > 0) this.hits.updateUnsafe(counted.hits, context)
    if (counted.misses > 0) this.misses.updateUnsafe(counted.misses, context)
  }

  failed(nanos: number, errorType: string, keys: number, context: Context.Context<never>): void {
    const { duration, operations } = this.failedCallsOf(errorType)
    duration.updateUnsafe(nanos / 1e9, context)
    operations.updateUnsafe(Math.max(keys, 1), context)
  }

  private failedCallsOf(errorType: string): Calls {
    let calls = this.failedCalls.get(errorType)
    if (calls === undefined) {
      calls = callsOf({ ...this.attributes, "error.type": errorType })
      this.failedCalls.set(errorType, calls)
    }
    return calls
  }
}
