/** Draws the diagrams of a stack as SVG. Pure functions, because the site draws one of them, too. */
import { layers, order, pageOf } from "./order.ts"

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const attributesOf = (attributes: Readonly<Record<string, string | number>>): string =>
  Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join("")

const tag = (name: string, attributes: Readonly<Record<string, string | number>>, ...content: ReadonlyArray<string>) =>
  content.length === 0
    ? `<${name}${attributesOf(attributes)}/>`
    : `<${name}${attributesOf(attributes)}>${content.join("")}</${name}>`

const text = (x: number, y: number, name: string, content: string, anchor = "start"): string =>
  tag("text", { x, y, class: name, ...(anchor !== "start" && { "text-anchor": anchor }) }, escaped(content))

const box = (x: number, y: number, width: number, height: number, name: string): string =>
  tag("rect", { x, y, width, height, rx: 6, class: name })

const svg = (
  width: number,
  height: number,
  attributes: Readonly<Record<string, string>>,
  parts: ReadonlyArray<string>
): string => {
  const all = { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, ...attributes }
  return `${tag("svg", all, "\n", parts.join("\n"), "\n")}\n`
}

// The order of all wrappers, with links

/** Places boxes from left to right, and begins a new row when one does not fit. */
const flow = (names: ReadonlyArray<string>, width: number): ReadonlyArray<ReadonlyArray<string>> => {
  const least = (name: string) => name.length * 7.2 + 12
  const rows: Array<Array<string>> = []
  for (const name of names) {
    const row = rows.at(-1)
    if (row !== undefined && (row.length + 1) * Math.max(least(name), ...row.map(least)) <= width) row.push(name)
    else rows.push([name])
  }
  return rows
}

/**
 * All wrappers in the recommended order, from the caller at the top to the store at the bottom. Each box is a link.
 * `hrefOf` returns the address of a page of the site.
 */
export const orderDiagram = (hrefOf: (page: string) => string): string => {
  const width = 430
  const boxes = 270
  const left = 16
  const rowHeight = 26
  const parts: Array<string> = []
  const link = (page: string, x: number, y: number, w: number, name: string): string =>
    tag("a", { href: hrefOf(page) }, box(x, y, w, rowHeight, "box"), text(x + w / 2, y + 17.5, "name", name, "middle"))

  let y = 2
  parts.push(box(left, y, width - left - 2, 28, "end"), text(width / 2, y + 18.5, "name", "Your program", "middle"))
  y += 28
  for (const group of [...order].reverse()) {
    y += 19
    parts.push(text(left, y - 4, "group", group.title))
    for (const layer of [...group.layers].reverse()) {
      const rows = flow(layer.names, boxes)
      parts.push(text(left + boxes + 10, y + (rows.length * (rowHeight + 4) - 4) / 2 + 4, "adds", layer.adds))
      for (const row of rows) {
        const w = (boxes - 4 * (row.length - 1)) / row.length
        for (const [i, name] of row.entries()) parts.push(link(pageOf(name), left + i * (w + 4), y, w, name))
        y += rowHeight + 4
      }
    }
  }
  y += 8
  const store = "Store: Memory, Redis, SQLite, files, …"
  parts.push(
    tag(
      "a",
      { href: hrefOf("/reference/stores/") },
      box(left, y, width - left - 2, 28, "box end"),
      text(width / 2, y + 18.5, "name", store, "middle")
    )
  )
  const height = y + 30
  parts.unshift(tag("path", { d: `M6 16V${height - 16}m-4 -7l4 7l4 -7`, class: "arrow" }))
  return svg(width, height, { role: "group", "aria-label": "The recommended order of wrappers" }, parts)
}

// The picture of a stack, for the README and the home page

const style = `<style>
text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.n{font-weight:600}.m{fill:#59636e}.h{font-size:12px;font-weight:600}.s{font-size:11px}
.bg{fill:#fff;stroke:#d1d9e0}.b{fill:#f2f4f7;stroke:#d1d9e0}.e{fill:#e3e8ef;stroke:#b9c3cd}
path{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
.hit{stroke:#1a7f37}.ok{stroke:#0969da}.no{stroke:#cf222e;stroke-dasharray:5 4}.x{stroke:#cf222e}
text.hit{stroke:none;fill:#1a7f37}text.ok{stroke:none;fill:#0969da}text.x{stroke:none;fill:#cf222e}
@media(prefers-color-scheme:dark){
text{fill:#f0f6fc}.m{fill:#9198a1}.bg{fill:#0d1117;stroke:#3d444d}.b{fill:#171d26;stroke:#3d444d}.e{fill:#262d38;stroke:#59636e}
.hit{stroke:#3fb950}.ok{stroke:#4493f8}.no,.x{stroke:#f85149}
text.hit{fill:#3fb950}text.ok{fill:#4493f8}text.x{fill:#f85149}}
</style>`

const addsOf = (name: string): string => layers.find(({ names }) => names.includes(name))?.adds ?? ""

/** The layers of the picture, from the caller to the store. */
const pictured: ReadonlyArray<readonly [name: string, adds: string]> = [
  ["Statistics", "metrics, hit rates, latencies"],
  ...["PassthroughCache", "Compression", "Aead", "CircuitBreaker", "Retry", "Timeout"].map(
    (name) => [name, addsOf(name)] as const
  )
]

/** A stack, and the paths of three calls through it: a cache hit, a call that is retried, and a call in an outage. */
export const stackPicture = (): string => {
  const width = 800
  const [start, step, bandHeight] = [16, 44, 36]
  const bandOf = (name: string): number => start + step * (1 + pictured.findIndex(([it]) => it === name))
  const store = start + step * (1 + pictured.length)
  const height = store + bandHeight + start
  const parts: Array<string> = [box(0.5, 0.5, width - 1, height - 1, "bg")]

  const band = (y: number, name: string, label: string, adds: string): void => {
    parts.push(box(16, y, width - 32, bandHeight, name), text(32, y + 23, "n", label), text(180, y + 23, "m", adds))
  }
  band(start, "e", "Your program", "kv.get(…), kv.put(…)")
  for (const [name, adds] of pictured) band(bandOf(name), "b", name, adds)
  band(store, "e", "Store", "Memory, Redis, SQLite, files")

  /** A line that ends at `x`, `y` with an arrow. */
  const line = (name: string, d: string, arrow: "up" | "down", x: number, y: number): void => {
    const back = arrow === "down" ? y - 6 : y + 6
    const tip = `M${x - 4.5} ${back}L${x} ${y}L${x + 4.5} ${back}`
    parts.push(tag("path", { class: name, d }), tag("path", { class: name === "no" ? "x" : name, d: tip }))
  }
  const cross = (x: number, y: number): void => {
    parts.push(tag("path", { class: "x", d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` }))
  }
  const heading = (x: number, name: string, label: string): void => {
    parts.push(text(x, start + 23, `h ${name}`, label, "middle"))
  }
  const top = start + bandHeight + 1

  // A cache hit goes no further than the cache.
  const cache = bandOf("PassthroughCache") + 20
  heading(414, "hit", "cache hit")
  line("hit", `M402 ${top}V${cache - 8}a8 8 0 0 0 8 8h8a8 8 0 0 0 8 -8V${top + 2}`, "up", 426, top)

  // The first attempt fails, and its error goes back to Retry. The second attempt succeeds.
  const retry = bandOf("Retry") + 18
  const end = store + 12
  heading(533, "ok", "retried call")
  line("ok", `M490 ${top}V${end}`, "down", 490, end)
  cross(490, end + 11)
  line("no", `M500 ${end + 11}h8a8 8 0 0 0 8 -8V${retry + 10}`, "up", 516, retry + 6)
  line("ok", `M516 ${retry - 4}h16a8 8 0 0 1 8 8V${end + 2}`, "down", 540, end + 2)
  line("ok", `M540 ${end + 9}h28a8 8 0 0 0 8 -8V${top + 2}`, "up", 576, top)

  // While the circuit is open, a call fails at once.
  const breaker = bandOf("CircuitBreaker") + 18
  heading(664, "x", "call in an outage")
  line("ok", `M652 ${top}V${breaker - 12}`, "down", 652, breaker - 11)
  cross(652, breaker)
  line("no", `M662 ${breaker}h6a8 8 0 0 0 8 -8V${top + 2}`, "up", 676, top)
  parts.push(text(684, breaker + 4, "s x", "CircuitOpenError"))

  const title = tag("title", { id: "t" }, "A stack of effect-kv")
  const description = tag(
    "desc",
    { id: "d" },
    "A call passes the layers from your program to the store. A cache hit returns at the cache. A failed attempt is ",
    "repeated by Retry. While the store is down, CircuitBreaker fails calls at once."
  )
  return svg(width, height, { role: "img", "aria-labelledby": "t d" }, [title, description, style, ...parts])
}

/** The icon of the site: layers on a store, and a call through them. */
export const icon = (): string => {
  const bar = (y: number, fill: string) => tag("rect", { x: 4, y, width: 24, height: 5, rx: 1.5, fill })
  const parts = [
    tag("title", {}, "effect-kv"),
    tag("rect", { width: 32, height: 32, rx: 7, fill: "#1f2a44" }),
    ...["#8ea6dc", "#6f8fd6", "#4a6fc4"].map((fill, i) => bar(5 + 6 * i, fill)),
    bar(23, "#f0b429")
  ]
  return svg(32, 32, {}, parts)
}
