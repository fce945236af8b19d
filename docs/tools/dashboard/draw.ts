/** Runs the queries of the dashboard while the service runs through faults, and draws the panels. */
import { Effect } from "effect"
import { filled, monitored } from "./monitored.ts"
import { type Drawn, picture } from "./picture.ts"

interface Dashboard {
  readonly panels: ReadonlyArray<{
    readonly title: string
    readonly type: string
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
    readonly fieldConfig?: { readonly defaults: { readonly unit: string } }
    readonly targets?: ReadonlyArray<{ readonly expr: string; readonly legendFormat: string }>
  }>
}

/** The name of a series by the legend: `{{label}}` is the value of a label. */
const nameOf = (legend: string, labels: Readonly<Record<string, string>>): string =>
  legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? "").trim()

export const draw = (dashboard: Dashboard, seconds: number) =>
  Effect.gen(function* () {
    const { range } = yield* monitored(seconds / 3)
    // The first seconds have no rates.
    yield* Effect.sleep("6 seconds")
    const start = Math.ceil(Date.now() / 1000)
    yield* Effect.sleep(seconds * 1000)
    const times = { start, end: start + seconds }
    const drawn = yield* Effect.forEach(dashboard.panels, (panel) =>
      Effect.gen(function* () {
        const series = yield* Effect.forEach(panel.targets ?? [], ({ expr, legendFormat }) =>
          Effect.map(range(filled(expr, "scrape"), { ...times, step: 1 }), (found) =>
            found.map(({ metric, values }) => ({ name: nameOf(legendFormat, metric), values }))
          )
        )
        return {
          ...panel.gridPos,
          title: panel.title,
          kind: panel.type,
          unit: panel.fieldConfig?.defaults.unit ?? "short",
          lines: series.flat()
        } satisfies Drawn
      })
    )
    return picture(
      drawn,
      times,
      `Drawn by docs/tools/dashboard.ts from what Prometheus answered to the queries of the dashboard, over ${seconds} seconds. This is not a screenshot of Grafana.`
    )
  }).pipe(Effect.scoped)
