/** Draws the panels of the dashboard from the results of their queries. */
import type { Series } from "../../../test/servers/prometheus.ts"

export interface Drawn {
  readonly title: string
  readonly kind: string
  readonly unit: string
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
  /** The results, with the names that the legend shows. */
  readonly lines: ReadonlyArray<{ readonly name: string; readonly values: Series["values"] }>
}

/** Pixels of a unit of Grafana's grid. */
const unit = { x: 50, y: 26 }

const width = 24 * unit.x

const colors = [
  "#3b82c4",
  "#d97706",
  "#2f9e5b",
  "#c2410c",
  "#7c5cc4",
  "#0e8f8f",
  "#b83280",
  "#6b7280",
  "#a3842b",
  "#4b5bd6"
]

const statusColors: Readonly<Record<string, string>> = { "1": "#2f9e5b", "0.5": "#d97706", "0": "#c0392b" }

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const text = (x: number, y: number, content: string, attributes = ""): string =>
  `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(content)}</text>`

const round = (n: number): number => Math.round(n * 10) / 10

const digits = (n: number): string =>
  n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : String(Number(n.toPrecision(2)))

const shown = (value: number, unit: string): string => {
  if (unit === "percentunit") return `${digits(value * 100)} %`
  if (unit === "s") return value >= 1 ? `${digits(value)} s` : `${digits(value * 1000)} ms`
  return unit === "ops" ? `${digits(value)}/s` : digits(value)
}

const statuses: Readonly<Record<string, string>> = { "1": "up", "0.5": "degraded", "0": "down" }

const numbers = (values: Series["values"]): ReadonlyArray<readonly [seconds: number, value: number]> =>
  values.map(([seconds, value]) => [seconds, Number(value)] as const).filter(([, value]) => Number.isFinite(value))

/** The next number above a value that is 1, 2 or 5 times a power of ten. */
const ceiling = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * [1, 2, 5, 10].find((factor) => factor * power >= value)!
}

const frame = ({ title, x, y, w, h }: Drawn): string =>
  `<rect x="${x * unit.x + 3}" y="${y * unit.y + 3}" width="${w * unit.x - 6}" height="${h * unit.y - 6}" rx="3" class="panel"/>` +
  text(x * unit.x + 12, y * unit.y + 20, title, 'class="title"')

/** The newest value, as a large number. */
const stat = (panel: Drawn): string => {
  const last = numbers(panel.lines[0]?.values ?? []).at(-1)?.[1]
  const label = last === undefined ? "no data" : panel.title === "Health" ? statuses[last]! : shown(last, panel.unit)
  const fill = panel.title === "Health" ? ` style="fill: ${statusColors[String(last)]}"` : ""
  return text(
    (panel.x + panel.w / 2) * unit.x,
    panel.y * unit.y + 70,
    label,
    `text-anchor="middle" class="number"${fill}`
  )
}

interface Times {
  readonly start: number
  readonly end: number
}

const plotOf = ({ x, y, w, h }: Drawn, left: number, below: number) => ({
  left: x * unit.x + left,
  top: y * unit.y + 32,
  width: w * unit.x - left - 14,
  height: h * unit.y - 32 - below
})

const lines = (panel: Drawn, { start, end }: Times): string => {
  const legend = legendOf(panel)
  const area = plotOf(panel, 60, 12 + legend.height)
  const all = panel.lines.map(({ values }) => numbers(values))
  const top = ceiling(Math.max(1e-6, ...all.flat().map(([, value]) => value)))
  const at = (seconds: number, value: number) =>
    `${round(area.left + ((seconds - start) / (end - start)) * area.width)} ${round(area.top + area.height * (1 - value / top))}`
  const grid = [0, 0.5, 1].map((part) => {
    const y = round(area.top + area.height * (1 - part))
    return (
      `<path d="M${area.left} ${y}h${area.width}" class="grid"/>` +
      text(area.left - 6, y + 4, shown(top * part, panel.unit), 'text-anchor="end" class="small"')
    )
  })
  const paths = all.map((values, i) => {
    // A gap in the samples is a gap in the line.
    const path = values.map(([seconds, value], j) => {
      const isNext = j > 0 && seconds - values[j - 1]![0] < 2
      return `${isNext ? "L" : "M"}${at(seconds, value)}`
    })
    return `<path d="${path.join("")}" fill="none" stroke="${colors[i % colors.length]}" stroke-width="1.3"/>`
  })
  return [...grid, ...paths, legend.svg].join("")
}

/** The names of the lines, below the plot. */
const legendOf = (panel: Drawn): { readonly height: number; readonly svg: string } => {
  const rows: Array<Array<string>> = [[]]
  const right = (panel.x + panel.w) * unit.x - 12
  const begin = panel.x * unit.x + 12
  let x = begin
  for (const [i, { name }] of panel.lines.entries()) {
    const length = name.length * 6 + 24
    if (x > begin && x + length > right) {
      rows.push([])
      x = begin
    }
    rows.at(-1)!.push(`${x} ${colors[i % colors.length]} ${name}`)
    x += length
  }
  const bottom = (panel.y + panel.h) * unit.y - 12
  const svg = rows.flatMap((row, i) => {
    const y = bottom - (rows.length - 1 - i) * 15
    return row.map((entry) => {
      const [, x, color, name] = /^(\S+) (\S+) (.*)$/.exec(entry)!
      return `<path d="M${x} ${y - 4}h12" stroke="${color}" stroke-width="3"/>${text(Number(x) + 16, y, name!, 'class="small"')}`
    })
  })
  return { height: rows.length * 15, svg: svg.join("") }
}

/** Samples that follow each other with the same value, as `[from, to, value]`. A sample stands for the second after it. */
const runsOf = (samples: ReadonlyArray<readonly [seconds: number, value: number]>) => {
  const runs: Array<[from: number, to: number, value: number]> = []
  for (const [seconds, value] of samples) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] === seconds && last[2] === value) last[1]++
    else runs.push([seconds, seconds + 1, value])
  }
  return runs
}

/** A bar for each module, in the color of its status. */
const states = (panel: Drawn, { start, end }: Times): string => {
  const area = plotOf(panel, 190, 14)
  const height = area.height / panel.lines.length
  return panel.lines
    .map(({ name, values }, i) => {
      const y = area.top + i * height
      const at = (seconds: number) => area.left + (Math.min(seconds - start, end - start) / (end - start)) * area.width
      const bars = runsOf(numbers(values)).map(([from, to, value]) => {
        const size = `width="${round(at(to) - at(from) + 0.3)}" height="${round(height - 3)}"`
        return `<rect x="${round(at(from))}" y="${round(y + 1)}" ${size} fill="${statusColors[String(value)]}"/>`
      })
      return text(area.left - 8, y + height / 2 + 3, name, 'text-anchor="end" class="small"') + bars.join("")
    })
    .join("")
}

const style = `
.page { fill: #f4f5f7 } .panel { fill: #fff; stroke: #d5d8de } .grid { stroke: #e3e5ea } .number { fill: #1f2933; font-size: 30px }
text { font: 11px system-ui, sans-serif; fill: #3c4654 } .title { font-size: 12.5px; font-weight: 600 }
.row { font-size: 13px; font-weight: 700 } .small { font-size: 10.5px }
@media (prefers-color-scheme: dark) {
.page { fill: #111418 } .panel { fill: #1a1f25; stroke: #2c333c } .grid { stroke: #2c333c } .number { fill: #e6eaf0 } text { fill: #c3cad4 }
}`

export const picture = (panels: ReadonlyArray<Drawn>, times: Times, note: string): string => {
  const bottom = Math.max(...panels.map(({ y, h }) => y + h))
  const height = bottom * unit.y + 34
  const drawn = panels.map((panel) => {
    if (panel.kind === "row")
      return text(panel.x * unit.x + 8, panel.y * unit.y + 19, `▾ ${panel.title}`, 'class="row"')
    const draw = panel.kind === "stat" ? stat : panel.kind === "timeseries" ? lines : states
    return frame(panel) + draw(panel, times)
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The panels of the dashboard">`,
    `<style>${style}\n</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...drawn,
    text(8, height - 12, note, 'class="small"'),
    "</svg>\n"
  ].join("\n")
}
