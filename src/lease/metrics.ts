import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { LeaseLostReason } from "../KeyValueError.ts"
import { counterOf } from "../telemetry/metrics.ts"

/** Seconds: from a free lease, which takes a few round trips, to the default `wait`. */
const boundaries = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

/** Reports how many leases this process waits for, holds and loses. The names of leases may be secret, and are no labels. */
export class LeaseMetrics {
  private readonly attributes: Readonly<Record<string, string>>
  private readonly context: Context.Context<never>

  constructor(system: string, context: Context.Context<never>) {
    this.attributes = { "db.system.name": system }
    this.context = context
  }

  waiting(change: 1 | -1): void {
    this.gauge("lease.waiting", "Callers that wait for a lease").modifyUnsafe(change, this.context)
  }

  held(change: 1 | -1): void {
    this.gauge("lease.held", "Leases that are held").modifyUnsafe(change, this.context)
  }

  lost(reason: LeaseLostReason): void {
    const attributes = { ...this.attributes, reason }
    counterOf("lease.lost", "Leases that were lost while they were held", attributes).updateUnsafe(1, this.context)
  }

  waited(millis: number): void {
    const description = "How long callers waited for a lease that they got"
    const attributes = { ...this.attributes, unit: "s" }
    const duration = Metric.histogram("effect_kv.lease.wait.duration", { description, attributes, boundaries })
    duration.updateUnsafe(millis / 1000, this.context)
  }

  private gauge(name: string, description: string): Metric.Gauge<number> {
    return Metric.gauge(`effect_kv.${name}`, { description, attributes: this.attributes })
  }
}
