import type * as Duration from "effect/Duration"
import type { Counted } from "../../telemetry/attributes.ts"
import { Latencies } from "../common/Latencies.ts"

/**
 * The statistics of one kind of operation.
 *
 * @since 0.1.0
 */
export interface OperationStatistics {
  /** Calls that ended, including failed calls. A batch is one call. Each page of an enumeration or a removal is one call. */
  readonly calls: number
  /** Keys that successful calls read, wrote or deleted, names that they listed, and entries that they removed. */
  readonly count: number
  /** Keys that a read or a deletion found. */
  readonly hits: number
  /** Keys that a read or a deletion did not find. */
  readonly misses: number
  /** `hits / (hits + misses)`, from 0 to 1. `undefined` while there are no hits or misses. */
  readonly hitRate: number | undefined
  /** Calls that failed, by the tag of the error, `Interrupted` or `Defect`. */
  readonly errors: Readonly<Record<string, number>>
  /**
   * How long calls took, including failed calls: percentiles with an error of at most 1 %, and the exact maximum.
   */
  readonly latency: {
    readonly p50: Duration.Duration
    readonly p90: Duration.Duration
    readonly p99: Duration.Duration
    readonly max: Duration.Duration
  }
}

/** The counters behind {@link OperationStatistics}. */
export class Tally {
  private calls = 0
  private count = 0
  private hits = 0
  private misses = 0
  private readonly errors = new Map<string, number>()
  private readonly latencies = new Latencies()

  succeeded(nanos: number, counted: Counted): void {
    this.calls++
    this.count += counted.count
    this.hits += counted.hits
    this.misses += counted.misses
    this.latencies.add(nanos)
  }

  failed(nanos: number, errorType: string): void {
    this.calls++
    this.addErrors(errorType, 1)
    this.latencies.add(nanos)
  }

  merge(other: Tally): void {
    this.calls += other.calls
    this.count += other.count
    this.hits += other.hits
    this.misses += other.misses
    for (const [errorType, count] of other.errors) this.addErrors(errorType, count)
    this.latencies.merge(other.latencies)
  }

  private addErrors(errorType: string, count: number): void {
    this.errors.set(errorType, (this.errors.get(errorType) ?? 0) + count)
  }

  snapshot(): OperationStatistics {
    const { calls, count, hits, misses } = this
    return {
      calls,
      count,
      hits,
      misses,
      hitRate: hits + misses === 0 ? undefined : hits / (hits + misses),
      errors: Object.fromEntries(this.errors),
      latency: this.latencies.percentiles({ p50: 0.5, p90: 0.9, p99: 0.99 })
    }
  }
}
