/** The parts that the queries of the dashboard and of the alerts are made of. */
import { type Naming, namesOf, plain } from "./names.ts"

/** Labels of a query, by the name of the attribute. A value that begins with `=`, `!` or `~` is a matcher. */
type Labels = Readonly<Record<string, string>>

/** What the variables of the dashboard stand for. */
export interface Scope {
  /** The range of `rate`. */
  readonly range: string
  /** The matchers that every query has. `collection` is left out where a metric has no collections. */
  readonly store: string
  readonly collection: string
}

/** The scope of a panel: what the reader has chosen. */
export const chosen: Scope = {
  range: "$__rate_interval",
  store: `job=~"$job",db_namespace=~"$store"`,
  collection: `db_collection_name=~"$collection"`
}

/** The scope of an alert: everything. */
export const everything: Scope = { range: "5m", store: "", collection: "" }

export const queriesOf = (naming: Naming, scope: Scope) => {
  const nameOf = namesOf(naming)
  const by = (attributes: ReadonlyArray<string>) => `by (${attributes.map(plain).join(", ")})`

  const selector = (name: string, labels: Labels = {}, suffix = ""): string => {
    const collection = /^db\.client|\.(operations|hits|misses)$/.test(name) ? scope.collection : ""
    // Leases and loading caches belong to no store.
    const store = /\.(lease|loading_cache)\./.test(name) ? scope.store.replace(/,db_namespace.*/, "") : scope.store
    const own = Object.entries(labels).map(([label, value]) => `${plain(label)}${value}`)
    const all = [store, collection, ...own].filter((part) => part !== "").join(",")
    return `${nameOf(name)}${suffix}${all === "" ? "" : `{${all}}`}`
  }

  /** Events per second. */
  const rate = (name: string, attributes: ReadonlyArray<string> = [], labels: Labels = {}, suffix = "") =>
    `sum ${by(attributes)} (rate(${selector(name, labels, suffix)}[${scope.range}]))`

  /** Calls per second. The histogram of their durations counts them. */
  const calls = (attributes: ReadonlyArray<string> = [], labels: Labels = {}) =>
    rate("db.client.operation.duration", attributes, labels, "_count")

  /** A value that is 0 where only the other one has a series. A series begins with its first event. */
  const orZero = (value: string, other: string) => `(${value} or 0 * ${other})`

  return {
    selector,
    rate,
    calls,
    /** The newest value of a gauge. */
    gauge: (name: string, attributes: ReadonlyArray<string> = [], labels: Labels = {}, how = "sum") =>
      `${how} ${by(attributes)} (${selector(name, labels)})`,
    /** The duration that a part of all events does not exceed, in seconds. */
    quantile: (part: number, name: string, attributes: ReadonlyArray<string> = [], labels: Labels = {}) =>
      `histogram_quantile(${part}, ${rate(name, ["le", ...attributes], labels, "_bucket")})`,
    /** The fraction of the calls that failed. */
    failing: (attributes: ReadonlyArray<string> = []) => {
      const all = calls(attributes)
      return `${orZero(calls(attributes, { "error.type": `!=""` }), all)} / ${all}`
    },
    /** The fraction of the keys that reads and deletions found. */
    hitRate: (attributes: ReadonlyArray<string> = []) => {
      const hits = rate("effect_kv.hits", attributes)
      const misses = rate("effect_kv.misses", attributes)
      return `${orZero(hits, misses)} / (${orZero(hits, misses)} + ${orZero(misses, hits)})`
    },
    /** Series that counted an event within a time. A new series counts, too, which `increase` leaves out. */
    happened: (name: string, attributes: ReadonlyArray<string>, labels: Labels, within: string, suffix = "") => {
      const series = selector(name, labels, suffix)
      const news = `${series} unless ${series} offset ${within}`
      return `sum ${by(attributes)} (increase(${series}[${within}])) > 0 or sum ${by(attributes)} (${news}) > 0`
    }
  }
}

export type Queries = ReturnType<typeof queriesOf>
