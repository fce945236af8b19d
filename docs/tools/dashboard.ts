/**
 * Writes the Grafana dashboards and the alerts to docs/public/dashboard, from the list of metrics in `metrics.ts`.
 *
 * There are two of each: for metrics that Prometheus scrapes (`effect-kv.json`), and for metrics that arrive over OTLP
 * (`effect-kv-otlp.json`), where Prometheus gives them other names.
 *
 * `--picture` also draws the panels from the results of their queries, which takes two minutes and needs Prometheus.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { alertsOf, rulesOf } from "./dashboard/alerts.ts"
import { draw } from "./dashboard/draw.ts"
import { grafana } from "./dashboard/grafana.ts"
import { type Naming, namesOf } from "./dashboard/names.ts"
import { rowsOf } from "./dashboard/panels.ts"
import { chosen, everything, queriesOf } from "./dashboard/queries.ts"
import { docs } from "./paths.ts"

const fileNames = { scrape: "effect-kv", otlp: "effect-kv-otlp" } as const

/** The files of the dashboard, by name. */
export const filesOf = (naming: Naming): Readonly<Record<string, string>> => {
  const file = fileNames[naming]
  const dashboard = grafana(rowsOf(queriesOf(naming, chosen)), {
    title: naming === "otlp" ? "effect-kv (OTLP)" : "effect-kv",
    uid: file,
    calls: `${namesOf(naming)("db.client.operation.duration")}_count`
  })
  return {
    [`${file}.json`]: `${JSON.stringify(dashboard, null, 2)}\n`,
    [`${file}.rules.yml`]: rulesOf(alertsOf(queriesOf(naming, everything)))
  }
}

/** The folder of the files. */
export const directory = `${docs}public/dashboard/`

if (import.meta.main) {
  mkdirSync(directory, { recursive: true })
  for (const naming of ["scrape", "otlp"] as const) {
    for (const [file, text] of Object.entries(filesOf(naming))) writeFileSync(directory + file, text)
  }
  if (process.argv.includes("--picture")) {
    const dashboard = JSON.parse(filesOf("scrape")[`${fileNames.scrape}.json`]!)
    writeFileSync(`${directory}effect-kv.svg`, await Effect.runPromise(draw(dashboard, 90)))
  }
}
