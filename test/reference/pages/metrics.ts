/** The page of all metrics, spans and log lines. */
import { type MetricInfo, metrics } from "../../../docs/tools/metrics.ts"
import * as docstrings from "../docstrings.ts"
import { linkTo, madeBy, markup, type Page, table, text } from "../markdown.ts"
import { moduleOf, pageOf } from "../modules.ts"

const page: Page = { path: "reference/metrics.md", self: undefined, anchors: [] }

const attributesText = ({ attributes, values = {} }: MetricInfo): string =>
  attributes
    .map((name) => {
      const known = values[name]?.map((value) => `\`${value}\``).join(", ")
      return known === undefined ? `\`${name}\`` : `\`${name}\` (${known})`
    })
    .join(", ")

export const metricsTable = (list: ReadonlyArray<MetricInfo>): ReadonlyArray<string> =>
  table(
    ["metric", "kind and unit", "what it measures, and its attributes"],
    list.map((metric) => [
      `\`${metric.name}\``,
      `${metric.kind}, \`${metric.unit}\``,
      `${metric.description}. *By ${attributesText(metric)}.*`
    ])
  )

const section = (name: string): ReadonlyArray<string> => {
  const module = moduleOf(name)
  const heading = `### ${name}`
  const link = module === undefined ? [] : [`Recorded by [\`${name}\`](${linkTo(page, pageOf(module))}).`, ""]
  return [heading, "", ...link, ...metricsTable(metrics.filter((it) => it.module === name)), ""]
}

/** A section of the docstring of a function, such as the details of `Tracing.wrap`. */
const partOf = (file: string, name: string, title: string): string => {
  const found = docstrings.exportsOf(file).find((it) => it.name === name)
  return markup(page, found?.doc.sections.find((it) => it.title === title)?.text ?? "")
}

export const metricsPage = (): string =>
  text([
    "# Metrics and spans",
    "",
    madeBy,
    "",
    "This page lists every metric, span and log line of effect-kv. Names and attributes follow OpenTelemetry's conventions for databases where these exist.",
    "",
    "Metrics are metrics of Effect. OTLP and Prometheus export them: see [Observability](../guides/observability.md).",
    "",
    "## Attributes",
    "",
    ...table(
      ["attribute", "value"],
      [
        [
          "`db.system.name`",
          "the kind of store: `redis`, `sqlite`, `memory`, `filesystem`, `effect`, `null`, or that of your own driver"
        ],
        ["`db.namespace`", "the option `store` of the wrapper. Missing without that option"],
        ["`db.operation.name`", "the method that the application called, such as `getMany`"],
        [
          "`db.collection.name`",
          "the collection, or what `collectionLabel` makes of it. `_OTHER` beyond the limit on names"
        ],
        ["`error.type`", "the tag of the error, `Interrupted` or `Defect`. Missing for successes"],
        ["`effect_kv.module`", "the module whose state is shown, such as `Redis`"],
        ["`cache.name`", "the collection of a `LoadingCache`. `_OTHER` beyond 1,000 of them"]
      ]
    ),
    "",
    "Metrics and spans never have values. Spans have keys only with `recordKeys` of `Tracing`. Log lines of `Logging` have keys unless `logKeys` is false, and values only with `logValues`.",
    "",
    "A unit in braces is a count of what it names. Histograms of durations also have the attribute `unit` with the value `s`, from which Effect's exporters read the unit.",
    "",
    "In Prometheus' text format, the dots of names become underscores: `effect_kv_retry_retries`.",
    "",
    "## Metrics",
    "",
    ...[...new Set(metrics.map(({ module }) => module))].flatMap(section),
    "## Spans",
    "",
    "### Tracing",
    "",
    partOf("src/wrappers/Tracing.ts", "wrap", "Details"),
    "",
    "### LoadingCache",
    "",
    "Each lookup is a span with the name `lookup {collection}` and the kind `internal`. It has no attributes.",
    "",
    "## Log lines",
    "",
    "### Health",
    "",
    'Each change of a state is one line: `{module} "{store}" is {status}. {reason}`, or `{module} is up again after {n} ms. {reason}`. The annotations are `module`, `system`, `store` and `status`. The level is `Info` for up, `Warn` for degraded and `Error` for down, unless [`Health.LogLevels`](modules/Health.md#loglevels) changes it. A module logs at most ten lines a minute. The words of a reason may change between releases: alert on `effect_kv.health.status`, or on the annotations.',
    "",
    "### Logging",
    "",
    partOf("src/wrappers/Logging.ts", "wrap", "Details"),
    ""
  ])
