/** The names of metrics in Prometheus. */
import { type MetricInfo, metrics } from "../metrics.ts"

/** How metrics reach Prometheus: it scrapes Effect's `PrometheusMetrics`, or receives them over OTLP. */
export type Naming = "scrape" | "otlp"

/** A name or an attribute without dots. */
export const plain = (name: string): string => name.replaceAll(".", "_")

/**
 * The name of a metric that arrived over OTLP: with its unit, with `_total` if it is a counter, and with `_ratio` if it is a gauge
 * without a unit (Effect exports the unit `1`).
 */
export const otlpName = (name: string): string => {
  const kind = metrics.find((metric) => metric.name === name)?.kind
  const suffix = kind === "counter" ? "_total" : kind === "histogram" ? "_seconds" : kind === "gauge" ? "_ratio" : ""
  return plain(name) + suffix
}

const named = (name: string): MetricInfo => {
  const metric = metrics.find((metric) => metric.name === name)
  if (metric === undefined) throw new Error(`there is no metric ${name}`)
  return metric
}

/** Returns a function from a metric of `docs/tools/metrics.ts` to its name in Prometheus. */
export const namesOf =
  (naming: Naming) =>
  (name: string): string =>
    naming === "otlp" ? otlpName(named(name).name) : plain(named(name).name)
