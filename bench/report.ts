import { find, ratio } from "./figures.ts"
import { median, type Sample } from "./measure.ts"
import { aboveFloor, isMet, type Target } from "./targets.ts"

/** A part of the report. */
export interface Part {
  readonly name: string
  readonly title: string
  readonly about: string
}

/** Where and when the benchmark ran, as rows of a table. */
export type Setting = ReadonlyArray<readonly [what: string, value: string]>

const labels: Readonly<Record<string, string>> = {
  cpu: "CPU µs",
  added: "added, CPU µs",
  rate: "op/s",
  p50: "p50 µs",
  p99: "p99 µs",
  heap: "heap, bytes",
  stored: "stored, bytes",
  loads: "loads",
  time: "ms",
  peak: "peak, MB",
  gzipped: "gzipped, KB"
}

const format = (value: number): string => {
  if (!Number.isFinite(value)) return "–"
  if (value >= 1000) return Math.round(value).toLocaleString("en")
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
}

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const markdownTable = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [row(head), row(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(row)].join("\n")

const distinct = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]

/** Whether the figure is shown beside the one that it is computed from. */
const isRatio = (figure: string): boolean => figure === "ratio" || figure === "by hand"

/**
 * A table of the samples of one section and number of callers: one row per subject, one column per operation and
 * figure.
 */
const tableOf = (samples: ReadonlyArray<Sample>): string => {
  const subjects = distinct(samples.map(({ subject }) => subject))
  const columns = distinct(samples.map(({ what }) => what)).flatMap((what) =>
    distinct(samples.filter((sample) => sample.what === what).map(({ figure }) => figure))
      .filter((figure) => !isRatio(figure))
      .map((figure) => ({ what, figure }))
  )
  const [{ section, callers }] = samples as [Sample]
  const cells = (subject: string) =>
    columns.flatMap(({ what, figure }) => {
      const which = { section, subject, what, callers, figure }
      const sample = find(samples, which)
      const value = sample ? format(median(sample.values)) : ""
      if (figure !== "cpu") return [value]
      const measured = find(samples, { ...which, figure: "ratio" })
      const times = measured ? median(measured.values) : ratio(samples, which, { ...which, subject: subjects[0]! })
      return [value, times === undefined ? "" : `${times.toFixed(2)} ×`]
    })
  return markdownTable(
    [
      "",
      ...columns.flatMap(({ what, figure }) => [`${what}: ${labels[figure]}`, ...(figure === "cpu" ? ["ratio"] : [])])
    ],
    subjects.map((subject) => [subject, ...cells(subject)])
  )
}

const headOf = ({ section, callers }: Sample, part: Part): string => {
  const more = section === part.name ? [] : [section.slice(part.name.length + 2)]
  const all = [...more, ...(callers > 1 ? [`${callers.toLocaleString("en")} callers`] : ["one caller"])].join(", ")
  return `### ${all.charAt(0).toUpperCase()}${all.slice(1)}`
}

/** The part's tables. */
const partOf = (part: Part, samples: ReadonlyArray<Sample>): string => {
  const own = samples.filter(({ section }) => section === part.name || section.startsWith(`${part.name}, `))
  const groups = Map.groupBy(own, ({ section, callers }) => `${section} ${callers}`)
  const tables = [...groups.values()].flatMap((group) => [headOf(group[0]!, part), tableOf(group)])
  return [`## ${part.title}`, part.about, ...tables].join("\n\n")
}

const targetRow = (target: Target, samples: ReadonlyArray<Sample>): ReadonlyArray<string> => {
  const reached = target.reached(samples)
  const floor = target.floor?.reached(samples)
  return [
    target.name,
    `${target.isBelow ? "<" : "≤"} ${target.most} ${target.unit}`,
    reached === undefined ? "not measured" : `${format(reached)} ${target.unit}`,
    floor === undefined ? "" : `${format(floor)} ${target.unit}`,
    reached === undefined ? "" : verdict(target, reached, floor)
  ]
}

const verdict = (target: Target, reached: number, floor: number | undefined): string => {
  if (isMet(target, reached)) return "met"
  return floor !== undefined && reached <= aboveFloor * floor ? `within ${aboveFloor} × of the work by hand` : "missed"
}

/** The notes on missed targets. */
const notes = (targets: ReadonlyArray<Target>, samples: ReadonlyArray<Sample>): ReadonlyArray<string> =>
  targets.flatMap((target) => {
    const reached = target.reached(samples)
    if (reached === undefined || isMet(target, reached)) return []
    const floor = target.floor?.reached(samples)
    const said = [
      ...(floor === undefined
        ? []
        : [
            `${target.floor?.what} takes ${format(floor)} ${target.unit}; effect-kv takes ${(reached / floor).toFixed(2)} times that.`
          ]),
      ...(target.detail === undefined ? [] : [`${target.detail(samples)}.`]),
      ...(target.note === undefined ? [] : [target.note])
    ]
    return [`- **${target.name}** (${format(reached)} ${target.unit}): ${said.join(" ") || "no floor was measured."}`]
  })

/** The table of targets, with notes on missed targets. */
export const targetsOf = (targets: ReadonlyArray<Target>, samples: ReadonlyArray<Sample>): string => {
  const missed = notes(targets, samples)
  return [
    markdownTable(
      ["what", "target", "reached", "by hand", ""],
      targets.map((target) => targetRow(target, samples))
    ),
    ...(missed.length === 0 ? [] : ["Missed:", missed.join("\n")])
  ].join("\n\n")
}

/** The whole report. */
export const report = (options: {
  readonly samples: ReadonlyArray<Sample>
  readonly setting: Setting
  readonly parts: ReadonlyArray<Part>
  readonly targets: ReadonlyArray<Target>
  readonly charts: ReadonlyArray<{ readonly file: string; readonly title: string }>
}): string =>
  `${[
    "# Results of the benchmark",
    "This file is written by `npm run bench`. Compare ratios, not absolute times. The libraries in a comparison take turns of some milliseconds in one process. A probe before and after each turn detects whether other programs used the processor, because shared machines are slower at times. The figures are medians of the undisturbed turns. CPU time is the user and system time of the benchmark's process; the Redis server is another process, whose time is not counted. Latencies are measured in a separate pass.",
    markdownTable(["", ""], options.setting),
    ...options.charts.map(({ file, title }) => `![${title}](${file})`),
    "## Targets",
    "Ratios compare CPU time per operation with ioredis + JSON, with values of 1 KiB and 64 callers, unless a row says otherwise.",
    targetsOf(options.targets, options.samples),
    ...options.parts.map((part) => partOf(part, options.samples))
  ].join("\n\n")}\n`
