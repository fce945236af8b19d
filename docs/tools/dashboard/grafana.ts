/** Grafana's form of a dashboard, for version 10 and newer. */
import type { Panel, Row } from "./panels.ts"

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana puts in the chosen data source.
const datasource = { type: "prometheus", uid: "${datasource}" }

/** 1 is up, 0.5 is degraded, 0 is down. */
const statuses = [
  { type: "value", options: { "0": { text: "down", color: "red", index: 0 } } },
  { type: "value", options: { "0.5": { text: "degraded", color: "orange", index: 1 } } },
  { type: "value", options: { "1": { text: "up", color: "green", index: 2 } } }
]

const isStatus = ({ title }: Panel): boolean => /^Health$|^Status/.test(title)

const types = { stat: "stat", lines: "timeseries", states: "state-timeline" } as const

const fieldConfigOf = (panel: Panel) => ({
  defaults: {
    unit: panel.unit,
    min: 0,
    ...(panel.max !== undefined && { max: panel.max }),
    color: isStatus(panel) ? { mode: "thresholds" } : { mode: panel.kind === "stat" ? "fixed" : "palette-classic" },
    mappings: isStatus(panel) ? statuses : [],
    thresholds: {
      mode: "absolute",
      steps: isStatus(panel)
        ? [
            { color: "red", value: null },
            { color: "orange", value: 0.5 },
            { color: "green", value: 1 }
          ]
        : [{ color: "green", value: null }]
    },
    custom:
      panel.kind === "lines"
        ? { drawStyle: "line", lineWidth: 1, fillOpacity: 8, showPoints: "never", spanNulls: false }
        : panel.kind === "states"
          ? { lineWidth: 0, fillOpacity: 80 }
          : {}
  },
  overrides: []
})

const optionsOf = ({ kind }: Panel) => {
  if (kind === "stat") {
    return {
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
      colorMode: "value",
      graphMode: "area"
    }
  }
  const legend = { displayMode: "list", placement: "bottom", showLegend: true }
  return kind === "states"
    ? { mergeValues: true, showValue: "never", rowHeight: 0.9, legend, tooltip: { mode: "single", sort: "none" } }
    : { legend, tooltip: { mode: "multi", sort: "desc" } }
}

const panelOf = (panel: Panel, id: number, gridPos: object) => ({
  id,
  type: types[panel.kind],
  title: panel.title,
  description: panel.description,
  datasource,
  gridPos,
  fieldConfig: fieldConfigOf(panel),
  options: optionsOf(panel),
  targets: panel.series.map(({ query, legend }, i) => ({
    refId: String.fromCharCode(65 + i),
    datasource,
    expr: query,
    legendFormat: legend,
    range: true
  }))
})

/** The width of the dashboard. */
const columns = 24

const variable = (name: string, label: string, query: string) => ({
  name,
  label,
  type: "query",
  datasource,
  query: { query, refId: `variable-${name}` },
  definition: query,
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  // Matches metrics without the label, too: those of a wrapper that has no `store` name.
  allValue: ".*",
  current: { selected: true, text: ["All"], value: ["$__all"] },
  options: []
})

export interface Names {
  readonly title: string
  readonly uid: string
  /** The metric that has every store and collection. */
  readonly calls: string
}

export const grafana = (rows: ReadonlyArray<Row>, { title, uid, calls }: Names) => {
  const panels: Array<object> = []
  let y = 0
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: columns, h: 1 },
      panels: []
    })
    y += 1
    const perLine = Math.min(row.panels.length, row.panels.some(({ kind }) => kind === "stat") ? 6 : 3)
    const height = row.panels.every(({ kind }) => kind === "stat") ? 4 : 8
    row.panels.forEach((panel, i) => {
      const column = i % perLine
      // The panels of a line fill it.
      const inLine = Math.min(perLine, row.panels.length - (i - column))
      const left = Math.round((columns * column) / inLine)
      const w = Math.round((columns * (column + 1)) / inLine) - left
      const gridPos = { x: left, y: y + Math.floor(i / perLine) * height, w, h: height }
      panels.push(panelOf(panel, panels.length + 1, gridPos))
    })
    y += Math.ceil(row.panels.length / perLine) * height
  }
  return {
    title,
    uid,
    description: "Traffic, errors, latency and the state of every wrapper of effect-kv.",
    tags: ["effect-kv"],
    schemaVersion: 38,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    timepicker: {},
    timezone: "browser",
    annotations: { list: [] },
    links: [],
    templating: {
      list: [
        {
          name: "datasource",
          label: "Data source",
          type: "datasource",
          query: "prometheus",
          current: {},
          options: [],
          refresh: 1,
          includeAll: false,
          multi: false
        },
        variable("job", "Job", `label_values(${calls}, job)`),
        variable("store", "Store", `label_values(${calls}{job=~"$job"}, db_namespace)`),
        variable(
          "collection",
          "Collection",
          `label_values(${calls}{job=~"$job",db_namespace=~"$store"}, db_collection_name)`
        )
      ]
    },
    panels
  }
}
