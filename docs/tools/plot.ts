/** Plots over time as SVG: panels under each other with a common time axis, and shaded spans for faults. */

export interface Line {
  readonly name: string
  /** One value for each step of the time axis. */
  readonly values: ReadonlyArray<number>
  /** The color and dashes: the line that the reader should look at, or one of up to two others. */
  readonly kind: "main" | "other0" | "other1"
}

export interface Panel {
  readonly title: string
  readonly lines: ReadonlyArray<Line>
  /** The lowest and highest value of a logarithmic axis. Without it, the axis is linear from 0. */
  readonly log?: readonly [number, number]
}

/** A fault, in seconds. */
export interface Shade {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly kind: "slow" | "down" | "redis"
}

export interface Plot {
  readonly title: string
  readonly seconds: number
  readonly panels: ReadonlyArray<Panel>
  readonly shades: ReadonlyArray<Shade>
  /** Moments that are marked by a line, in seconds. */
  readonly marks: ReadonlyArray<{ readonly name: string; readonly at: number }>
}

const width = 700
const left = 52
const right = 14
const head = 92
const panelHeight = 96
const panelGap = 36
const foot = 26
/** Where the shades begin, above the panels. */
const shadeTop = 70

/** The background follows the color scheme together with the text, so that a plot is readable on every page. */
const style = `
  .page { fill: #ffffff; stroke: #d8dee4 }
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .small { font-size: 11px; fill: #59636e }
  .axis { stroke: #d1d9e0; stroke-width: 1 }
  .mark { stroke: #59636e; stroke-width: 1; stroke-dasharray: 3 3 }
  .main { fill: none; stroke: #0969da; stroke-width: 2; stroke-linejoin: round }
  .other0 { fill: none; stroke: #8c959f; stroke-width: 1.5; stroke-linejoin: round; stroke-dasharray: 6 3 }
  .other1 { fill: none; stroke: #bf8700; stroke-width: 2; stroke-linejoin: round; stroke-dasharray: 2 3 }
  .slow { fill: #d4a72c; fill-opacity: 0.18 }
  .down { fill: #cf222e; fill-opacity: 0.13 }
  .redis { fill: #8250df; fill-opacity: 0.14 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #161618; stroke: #33383f }
    text { fill: #f0f6fc }
    .small { fill: #9198a1 }
    .axis { stroke: #33383f }
    .mark { stroke: #9198a1 }
    .main { stroke: #4493f8 }
    .slow { fill-opacity: 0.22 }
    .down { fill-opacity: 0.24 }
    .redis { fill-opacity: 0.28 }
  }`

const escape = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

const text = (x: number, y: number, content: string, attributes = `class="small"`): string =>
  `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`

const numeral = (value: number): string => (value === 0 ? "0" : String(Number(value.toPrecision(2))))

/** A step of 1, 2 or 5 times a power of ten that is at least as great as the values. */
const niceMaximum = (most: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1)))
  return [1, 2, 5, 10].map((it) => it * power).find((it) => it >= most) ?? most
}

/** Where a value is on the axis of a panel, from 0 to 1, and the values that the axis shows. */
const axisOf = ({ log, lines }: Panel) => {
  if (log !== undefined) {
    const [low, high] = log
    const place = (value: number) => Math.log(Math.min(high, Math.max(low, value)) / low) / Math.log(high / low)
    const steps = Math.round(Math.log10(high / low))
    return { place, ticks: Array.from({ length: steps + 1 }, (_, i) => low * 10 ** i) }
  }
  const most = niceMaximum(Math.max(0, ...lines.flatMap(({ values }) => values)))
  return { place: (value: number) => value / most, ticks: [0, most / 2, most] }
}

/** A plot that is readable at a width of 700 pixels. The legend is text. */
export const plot = ({ title, seconds, panels, shades, marks }: Plot): string => {
  const height = head + panels.length * (panelHeight + panelGap) - panelGap + foot
  const x = (second: number): number => Math.round((left + ((width - left - right) * second) / seconds) * 10) / 10
  const bottom = height - foot

  const lineOf = (panel: Panel, top: number) => {
    const { place } = axisOf(panel)
    return ({ values, kind }: Line): string => {
      const points = values.map((value, i) => {
        const y = top + panelHeight * (1 - place(value))
        return `${x(((i + 0.5) * seconds) / values.length)},${Math.round(y * 10) / 10}`
      })
      return `<polyline class="${kind}" points="${points.join(" ")}"/>`
    }
  }
  const panelOf = (panel: Panel, i: number): string => {
    const top = head + i * (panelHeight + panelGap)
    const { place, ticks } = axisOf(panel)
    const axis = ticks.map((tick) => {
      const y = Math.round(top + panelHeight * (1 - place(tick)))
      return (
        `<line class="axis" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>` +
        text(left - 6, y + 4, numeral(tick), `class="small" text-anchor="end"`)
      )
    })
    return [text(left, top - 8, panel.title, ""), ...axis, ...panel.lines.map(lineOf(panel, top))].join("\n")
  }
  const spans = shades.map(
    ({ kind, from, to }) =>
      `<rect class="${kind}" x="${x(from)}" y="${shadeTop}" width="${Math.round((x(to) - x(from)) * 10) / 10}" height="${bottom - shadeTop}"/>`
  )
  const moments = marks.map(
    ({ at }) => `<line class="mark" x1="${x(at)}" x2="${x(at)}" y1="${shadeTop}" y2="${bottom}"/>`
  )
  const legend = (panels[0]?.lines ?? []).map(({ name, kind }, i) => {
    const at = 10 + i * 225
    return `<line class="${kind}" x1="${at}" x2="${at + 24}" y1="38" y2="38"/>${text(at + 30, 42, name, "")}`
  })
  const labels = [
    ...shades.map(({ name, from, to }) => text((x(from) + x(to)) / 2, 64, name, `class="small" text-anchor="middle"`)),
    ...marks.map(({ name, at }) => text(x(at) + 4, head + panelHeight + 14, name))
  ]
  const times = Array.from({ length: Math.floor(seconds / 2) + 1 }, (_, i) => i * 2).map((second) =>
    text(x(second), height - 8, `${second} s`, `class="small" text-anchor="${second === seconds ? "end" : "middle"}"`)
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>${style}
</style>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${text(10, 22, title, `class="title"`)}
${[...legend, ...spans, ...moments, ...panels.map(panelOf), ...labels, ...times].join("\n")}
</svg>
`
}
