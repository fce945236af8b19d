import * as Context from "effect/Context"
import * as Metric from "effect/Metric"

type Hooks = Metric.Metric.Hooks<number, unknown>

/** Where the updates of some metrics go to, in the order of the metrics. */
interface Place {
  /** Where they were last updated from, which tells the next two. */
  readonly context: Context.Context<never>
  readonly registry: Metric.MetricRegistry
  readonly attributes: Metric.Metric.AttributeSet
  /** The first metric's place in the registry, which is another one when somebody has removed it meanwhile. */
  readonly key: string
  readonly first: Metric.Metric.Metadata<any, any>
  readonly hooks: ReadonlyArray<Hooks>
}

/**
 * Metrics that are updated together, and remember where their last updates went: to look that up for each takes longer
 * than all else.
 */
export class Bound {
  private readonly metrics: ReadonlyArray<Metric.Metric<number, unknown>>
  private place: Place | undefined

  constructor(...metrics: ReadonlyArray<Metric.Metric<number, unknown>>) {
    this.metrics = metrics
  }

  hooks(context: Context.Context<never>): ReadonlyArray<Hooks> {
    const { place } = this
    return place !== undefined && place.context === context && isThere(place, place.registry)
      ? place.hooks
      : this.hooksOf(context)
  }

  private hooksOf(context: Context.Context<never>): ReadonlyArray<Hooks> {
    const registry = Context.get(context, Metric.MetricRegistry)
    const attributes = Context.get(context, Metric.CurrentMetricAttributes)
    const { place } = this
    if (place !== undefined && attributes === place.attributes && isThere(place, registry)) {
      this.place = { ...place, context, registry }
      return place.hooks
    }
    const all = this.metrics.map((metric) => entryOf(metric, context, registry))
    const [key, first] = all[0]!
    const hooks = all.map(([, { hooks }]) => hooks)
    this.place = { context, registry, attributes, key, first, hooks }
    return hooks
  }
}

const isThere = ({ key, first }: Place, registry: Metric.MetricRegistry): boolean => registry.get(key) === first

/** A registry tells nobody its keys: so the metric is put into an empty one first. */
const entryOf = (
  metric: Metric.Metric<number, unknown>,
  context: Context.Context<never>,
  registry: Metric.MetricRegistry
): readonly [key: string, Metric.Metric.Metadata<any, any>] => {
  const empty: Metric.MetricRegistry = new Map()
  metric.valueUnsafe(Context.add(context, Metric.MetricRegistry, empty))
  metric.valueUnsafe(context)
  const key = empty.keys().next().value!
  return [key, registry.get(key)!]
}
