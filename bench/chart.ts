/** A bar of a chart. */
export interface Bar {
  readonly label: string
  /** One value per series. */
  readonly values: ReadonlyArray<number>
  /** Whether it is drawn in the color of effect-kv. */
  readonly isOurs: boolean
}

export interface Chart {
  readonly title: string
  readonly unit: string
  /** What the length of a bar says. Default: shorter is better. */
  readonly note?: string
  /** The names of the values of a bar. */
  readonly series: ReadonlyArray<string>
  readonly bars: ReadonlyArray<Bar>
}

const width = 760
const right = 70
const top = 64
const thickness = 13
const gap = 12

const escape = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

const shown = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 100 ? 0 : value >= 1 ? 1 : 2)

/** Readable on a light and on a dark page: the text follows the reader's color scheme, and the bars suit both. */
const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .small { font-size: 11px; fill: #59636e }
  .ours0 { fill: #0969da } .ours1 { fill: #54aeff }
  .others0 { fill: #818b98 } .others1 { fill: #b7bfc8 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .small { fill: #9198a1 }
    .ours0 { fill: #4493f8 } .ours1 { fill: #1f6feb }
    .others0 { fill: #9198a1 } .others1 { fill: #656c76 }
  }`

/** Horizontal bars as SVG, a group for each label. Shorter is better. */
export const barChart = ({ title, unit, note = "shorter is better", series, bars }: Chart): string => {
  const longest = Math.max(...bars.map(({ label }) => label.length))
  const left = Math.min(430, Math.max(250, 20 + 6.8 * longest))
  const most = Math.max(...bars.flatMap(({ values }) => values))
  const groupHeight = series.length * thickness + gap
  const height = top + bars.length * groupHeight
  const length = (value: number) => Math.max(1, Math.round(((width - left - right) * value) / most))
  const group = ({ label, values, isOurs }: Bar, i: number): string => {
    const y = top + i * groupHeight
    const middle = y + (series.length * thickness) / 2 + 4
    const rows = values.map((value, j) => {
      const at = y + j * thickness
      const kind = `${isOurs ? "ours" : "others"}${j}`
      return (
        `<rect class="${kind}" x="${left}" y="${at}" width="${length(value)}" height="${thickness - 2}" rx="2"/>` +
        `<text class="small" x="${left + length(value) + 5}" y="${at + thickness - 3}">${shown(value)}</text>`
      )
    })
    return `<text x="${left - 10}" y="${middle}" text-anchor="end">${escape(label)}</text>${rows.join("")}`
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">
<style>${style}
</style>
<text class="title" x="10" y="22">${escape(title)}</text>
<text class="small" x="10" y="42">${escape(`${unit}; from top to bottom: ${series.join(", ")}; ${note}`)}</text>
${bars.map(group).join("\n")}
</svg>
`
}
