import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import { type Call, collectionOf, keyCount } from "../../driver/Call.ts"
import type { Operation } from "../../KeyValueError.ts"
import * as telemetry from "../../telemetry/attributes.ts"
import * as labels from "../../telemetry/labels.ts"
import { shownName } from "../../value/oneLine.ts"
import { Metrics } from "./Metrics.ts"
import { type OperationStatistics, Tally } from "./Tally.ts"

/**
 * The kinds of operations that are counted separately. A batch counts as its single form, such as `getMany` as `get`.
 *
 * @since 0.1.0
 */
export type Kind = Exclude<Operation, "getMany" | "ttlMany" | "putMany" | "deleteMany">

/**
 * Statistics by kind of operation. A kind that was not called is missing.
 *
 * @since 0.1.0
 */
export type Operations = Readonly<Partial<Record<Kind, OperationStatistics>>>

/**
 * The statistics since the layer was built, or since the last reset.
 *
 * @since 0.1.0
 */
export interface Snapshot {
  /** All collections together, and calls without a collection, such as listing collections. */
  readonly total: Operations
  /** By collection, as `collectionLabel` names it. */
  readonly collections: ReadonlyMap<string, Operations>
}

/** The records of one collection and one operation. */
class Series {
  readonly tally = new Tally()
  private context: Context.Context<never> | undefined
  private registry: Metric.MetricRegistry | undefined
  private metrics: Metrics | undefined
  private readonly make: (registry: Metric.MetricRegistry) => Metrics

  constructor(make: (registry: Metric.MetricRegistry) => Metrics) {
    this.make = make
  }

  /** Returns the metrics in the context's registry. The registry decides whether the collection has a label of its own. */
  metricsIn(context: Context.Context<never>): Metrics {
    if (this.context === context) return this.metrics!
    const registry = Context.get(context, Metric.MetricRegistry)
    if (this.registry !== registry) {
      this.metrics = this.make(registry)
      this.registry = registry
    }
    this.context = context
    return this.metrics!
  }
}

type ByOperation = Map<Operation, Series>

export interface Config {
  readonly store: string | undefined
  readonly collectionLabel: telemetry.CollectionLabel
  readonly maxCollections: number
}

/** Records calls by collection and operation, for a bounded number of collections. */
export class Recorder {
  private readonly config: Config
  private collections = new Map<string, ByOperation>()
  private unlabelled: ByOperation = new Map()

  constructor(config: Config) {
    this.config = config
  }

  record(
    system: string,
    call: Call,
    exit: Exit.Exit<unknown, unknown>,
    nanos: number,
    context: Context.Context<never>
  ): void {
    const series = this.seriesOf(system, call)
    const { tally } = series
    const metrics = series.metricsIn(context)
    if (Exit.isSuccess(exit)) {
      const counted = telemetry.countOf(call, exit.value)
      tally.succeeded(nanos, counted)
      metrics.succeeded(nanos, counted, context)
    } else {
      const errorType = telemetry.errorType(exit.cause)
      tally.failed(nanos, errorType)
      metrics.failed(nanos, errorType, keyCount(call), context)
    }
  }

  private seriesOf(system: string, call: Call): Series {
    const label = telemetry.labelOf(this.config.collectionLabel, collectionOf(call))
    const operations = label === undefined ? this.unlabelled : this.collections.get(label)
    return operations?.get(call.place.operation) ?? this.addSeries(system, label, call.place.operation)
  }

  private addSeries(system: string, unbounded: string | undefined, operation: Operation): Series {
    const label = this.bounded(unbounded === undefined ? undefined : shownName(unbounded))
    const operations = this.operationsOf(label)
    const { store, maxCollections } = this.config
    const makeMetrics = (registry: Metric.MetricRegistry) => {
      const family = labels.familyOf("statistics", system, store)
      const known = label === undefined ? undefined : labels.bounded(registry, family, label, maxCollections)
      return new Metrics(telemetry.attributesOf(system, store, operation, known))
    }
    const series = operations.get(operation) ?? new Series(makeMetrics)
    operations.set(operation, series)
    return series
  }

  private bounded(label: string | undefined): string | undefined {
    const known = label === undefined || this.collections.has(label)
    return known || this.collections.size < this.config.maxCollections ? label : telemetry.other
  }

  private operationsOf(label: string | undefined): ByOperation {
    if (label === undefined) return this.unlabelled
    let operations = this.collections.get(label)
    if (operations === undefined) this.collections.set(label, (operations = new Map()))
    return operations
  }

  snapshot(): Snapshot {
    return {
      total: sum([this.unlabelled, ...this.collections.values()]),
      collections: new Map([...this.collections].map(([label, operations]) => [label, sum([operations])]))
    }
  }

  reset(): void {
    this.collections = new Map()
    this.unlabelled = new Map()
  }
}

const sum = (all: Iterable<ByOperation>): Operations => {
  const tallies = new Map<Kind, Tally>()
  for (const operations of all) {
    for (const [operation, { tally }] of operations) {
      const kind = operation.replace("Many", "") as Kind
      const merged = tallies.get(kind) ?? new Tally()
      merged.merge(tally)
      tallies.set(kind, merged)
    }
  }
  return Object.fromEntries([...tallies].map(([kind, tally]) => [kind, tally.snapshot()]))
}
