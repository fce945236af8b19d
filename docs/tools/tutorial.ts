/**
 * Writes the tables and plots of the tutorial from its numbers, docs/start/tutorial/numbers.json. `npm run tutorial` makes
 * these numbers, and then runs this.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { bucket, columns, type Report, type Run } from "../../examples/tutorial/lab/numbers.ts"
import { docs } from "./paths.ts"
import { type Line, type Panel, plot, type Shade } from "./plot.ts"

const page = `${docs}start/tutorial.md`
const folder = `${docs}start/tutorial/`

/** The page as it is stored. */
export const readPage = (): string => readFileSync(page, "utf8")

/** The numbers that the page shows. */
export const readReport = (): Report => JSON.parse(readFileSync(`${folder}numbers.json`, "utf8")) as Report

const chapterOf = ({ id }: Run): number => Number.parseInt(id, 10)

/** The table of the page is narrower than what the script prints. */
const notShown = ["run", "service", "slowest, ms"]

/** The runs of a chapter, and those of the chapters before it. */
const table = ({ runs }: Report, chapter: number): string => {
  const shown = runs.filter((run) => chapterOf(run) <= chapter)
  const hasRedis = shown.some(({ redisCalls }) => redisCalls !== undefined)
  const used = columns.filter(([name]) => !notShown.includes(name) && (hasRedis || name !== "Redis calls"))
  const row = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [
    row(["run", ...used.map(([name]) => name)]),
    row(["---", ...used.map(() => "---:")]),
    ...shown.map((run) => row([`${run.id}: ${run.title}`, ...used.map(([, cell]) => cell(run))]))
  ].join("\n")
}

/** What the page says about the run itself. */
const setting = ({ setting: { date, processor, node, note } }: Report): string =>
  `The processes of chapters 5 and 6 ran on ${date}, on ${processor} and Node ${node}.${note === "" ? "" : ` ${note}`}`

/** Fills what is between the markers `<!-- numbers: NAME -->` and `<!-- /numbers -->`. */
export const filled = (text: string, report: Report): string =>
  text.replace(/(<!-- numbers: (.+?) -->\n)[\s\S]*?(<!-- \/numbers -->)/g, (_, start, name, end) => {
    const chapter = /^chapter-(\d)$/.exec(name)
    if (chapter === null && name !== "setting") throw new Error(`there are no numbers with the name ${name}`)
    return `${start}\n${chapter === null ? setting(report) : table(report, Number(chapter[1]))}\n\n${end}`
  })

const perSecond = (values: ReadonlyArray<number>): ReadonlyArray<number> => values.map((it) => (it * 1000) / bucket)

/** The runs that each plot compares. The last one is the main one. */
const plots: ReadonlyArray<readonly [file: string, title: string, ids: ReadonlyArray<string>]> = [
  ["chapter-1", "Without a cache", ["1"]],
  ["chapter-2", "A cache with get and put", ["1", "2"]],
  ["chapter-3", "One load for all callers", ["2", "3"]],
  ["chapter-4", "Stale values", ["3", "4"]],
  ["chapter-5-processes", "The cache of chapter 4 in two processes", ["5a"]],
  ["chapter-5", "A shared Redis and a near cache", ["5a", "5c"]],
  ["chapter-6-outage", "The service of chapter 5 in an outage of Redis", ["5c", "6a"]],
  ["chapter-6", "Two ways through the outage", ["6a", "6b", "6c"]]
]

const panelsOf = (runs: ReadonlyArray<Run>): ReadonlyArray<Panel> => {
  const lines = (values: (run: Run) => ReadonlyArray<number>): ReadonlyArray<Line> =>
    runs.map((run, i) => ({
      name: `${run.id}: ${run.title}`,
      values: values(run),
      kind: i === runs.length - 1 ? "main" : i === 0 ? "other0" : "other1"
    }))
  return [
    { title: "database calls per second", lines: lines(({ series }) => perSecond(series.databaseCalls)) },
    {
      title: "p99 in milliseconds (logarithmic)",
      lines: lines(({ series }) => series.p99),
      log: [0.1, 10_000]
    },
    { title: "errors per second", lines: lines(({ series }) => perSecond(series.errors)) }
  ]
}

const shadesOf = ({ scenario }: Report, runs: ReadonlyArray<Run>): ReadonlyArray<Shade> => {
  const outage = runs.find(({ outage }) => outage !== undefined)?.outage
  const [slow, down] = [scenario.slow, scenario.down]
  return [
    { name: "database slow", from: slow[0], to: slow[1], kind: "slow" },
    { name: "database down", from: down[0], to: down[1], kind: "down" },
    ...(outage === undefined
      ? []
      : [{ name: "Redis silent, then dead", from: outage.silent, to: outage.back, kind: "redis" as const }])
  ]
}

/** The plots by file name. */
export const drawn = (report: Report): ReadonlyMap<string, string> =>
  new Map(
    plots.map(([file, title, ids]) => {
      const runs = ids.map((id) => report.runs.find((run) => run.id === id)!)
      const isReal = runs.some(({ runs }) => runs === "processes")
      return [
        `${file}.svg`,
        plot({
          title,
          seconds: report.scenario.seconds,
          panels: panelsOf(runs),
          shades: shadesOf(report, runs),
          marks: isReal ? [{ name: "new process", at: report.scenario.handover }] : []
        })
      ]
    })
  )

/** A plot as it is stored. */
export const readPlot = (file: string): string => readFileSync(folder + file, "utf8")

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const report = readReport()
  writeFileSync(page, filled(readPage(), report))
  for (const [file, svg] of drawn(report)) writeFileSync(folder + file, svg)
}
