/** The page of the benchmark, with charts, made from bench/RESULTS.md. */
import { barChart, type Chart } from "../../../bench/chart.ts"
import { markdown, numberOf, type Table, tablesOf } from "./tables.ts"

/** The tables that are drawn, and how their chart is called. */
const drawn = [
  { file: "redis", section: "Redis, single operations", part: "64 callers", title: "Redis, 1 KiB, 64 callers" },
  { file: "batches", section: "Redis, batches of 100", part: "64 callers", title: "Redis, batches of 100, per entry" },
  {
    file: "stacks",
    section: "Stacks over Redis",
    part: "1 KiB, 64 callers",
    title: "Stacks over Redis, 1 KiB, 64 callers"
  },
  { file: "memory", section: "Memory", part: "One caller", title: "Memory, 200 bytes, one caller" },
  { file: "sqlite", section: "Embedded", part: "One caller", title: "SQLite, 1 KiB, one caller" },
  { file: "files", section: "Embedded", part: "Files, one caller", title: "Files, 1 KiB, one caller" }
] as const

/** Libraries that are compared. Other rows are lower bounds that a program by hand reaches, or stacks of effect-kv. */
const peers =
  /^(?:Effect (?:BackingPersistence|KeyValueStore \+ JSON)|keyv(?: [56])?|unstorage|cacheable|cache-manager|bentocache|lru-cache)$/

const isOurs = (subject: string): boolean => /^(?:effect-kv|policies|production)\b/.test(subject)

const what = ["get", "put", "get or set"]

const cpuColumns = ({ head }: Table) =>
  what.map((name) => ({ name, column: head.indexOf(`${name}: CPU µs`) })).filter(({ column }) => column > 0)

const chartOf = (table: Table, title: string): Chart => {
  const columns = cpuColumns(table)
  return {
    title,
    unit: "CPU µs per operation",
    series: columns.map(({ name }) => name),
    bars: table.rows.map((row) => ({
      label: row[0]!,
      isOurs: isOurs(row[0]!),
      values: columns.map(({ column }) => numberOf(row[column]))
    }))
  }
}

/** Figures of which a library can have a better one. Of all but op/s, less is better. */
const compared = /: (CPU µs|op\/s|p50 µs|p99 µs|heap, bytes|ms)$/

/** The rows of libraries that have a better figure than effect-kv. */
const ahead = (table: Table) => {
  const ours = table.rows.find(([subject]) => /^effect-kv(?: Sqlite| FileSystem, fsync: false)?$/.test(subject!))
  if (ours === undefined) return []
  return table.head.flatMap((name, column) => {
    if (!compared.test(name)) return []
    const own = numberOf(ours[column])
    const isBetter = (figure: number) => (name.endsWith("op/s") ? figure > own : figure < own)
    const better = table.rows.filter((row) => peers.test(row[0]!) && isBetter(numberOf(row[column])))
    const list = better.map((row) => `${row[0]} (${row[column]})`).join(", ")
    return better.length === 0 ? [] : [[`${table.section}, ${lower(table.part)}`, name, ours[column]!, list]]
  })
}

/** A target that the work by hand misses, too, is missed. */
const verdictOf = (row: ReadonlyArray<string>): string => {
  if (row[0]!.startsWith("Bundle of")) return "missed since (see above)"
  return row.at(-1)!.replace(/^within (.*)$/, "missed (within $1)")
}

const lower = (text: string): string => text.replace(/^One/, "one").replace(/^Files/, "files")

/** The charts, by the name of their file. */
export const charts = (results: string): ReadonlyArray<readonly [file: string, svg: string]> => {
  const tables = tablesOf(results)
  return drawn.flatMap(({ file, section, part, title }) => {
    const table = tables.find((it) => it.section === section && it.part === part)
    return table === undefined ? [] : [[`${file}.svg`, barChart(chartOf(table, title))] as const]
  })
}

/** How much CPU time corked ioredis takes, next to effect-kv. */
const corkedText = (tables: ReadonlyArray<Table>): string => {
  const table = tables.find(({ section, part }) => section === drawn[0].section && part === drawn[0].part)
  const cpu = (subject: string) => numberOf(table?.rows.find(([name]) => name === subject)?.[1])
  const [corked, ours] = [cpu("ioredis + JSON, corked"), cpu("effect-kv")]
  return Number.isNaN(corked / ours)
    ? ""
    : `: a get takes ${corked} µs, and effect-kv ${(ours / corked).toFixed(1)} times that`
}

export const page = (results: string): string => {
  const tables = tablesOf(results)
  const [setting] = tables
  const targets = tables.find(({ section }) => section === "Targets")
  const verdicts = targets?.rows.map(verdictOf) ?? []
  const met = verdicts.filter((it) => it === "met").length
  const [, about = ""] = /^This file is written by `npm run bench`\. (.*)$/m.exec(results) ?? []
  return `# Benchmarks

What effect-kv costs, next to the client library, to programs written by hand, and to other libraries on the same machine and
server. This page is made from [bench/RESULTS.md](../../bench/RESULTS.md), which has every figure.

<!-- made by \`npm run evidence\` -->

The figures come from \`npm run bench\`, which you can run on your machine. ${about}

${markdown(["setting", "value"], setting!.rows)}

Ratios differ between machines. effect-kv sends the commands of one turn of the event loop in one system call. "Corked" is ioredis
with the same change by hand${corkedText(tables)}. The \`enableAutoPipelining\` of ioredis was not measured. The rows of
keyv are keyv 5. bentocache and unstorage ask for ioredis 5, and ran on ioredis 6. \`policies\` has Tracing without a tracer.

${drawn.map(({ file, title }) => `## ${title}\n\n![${title}: CPU time per operation](charts/${file}.svg)`).join("\n\n")}

## Where other libraries are ahead

Each row names the libraries that have a better figure than effect-kv in the same table: less time or memory, or more operations
per second. A p99 varies between runs. Misses of a cache are measured in [caching](../guides/caching.md#what-it-costs), where most
libraries are ahead. Effect's BackingPersistence, lru-cache and cache-manager return the object that was put, without a copy, when they
keep it in memory.

${markdown(["table", "figure", "effect-kv", "better"], tables.flatMap(ahead))}

## Targets

${met} of ${verdicts.length} targets are met. "By hand" is the shortest program that does the same. A target
that this program misses, too, is still missed.

**One row is out of date.** Since this run, the bundle of \`KeyValue\`, Memory and Retry has grown from 9.71 KB to 26.3 KB (gzipped,
beyond effect, 2026-12-01), because \`getOrSet\` with leases, counters and \`Health\` are part of it. Its target of 12 KB is missed.

${
  targets === undefined
    ? ""
    : markdown(
        ["what", ...targets.head.slice(1)].map((it) => it || "verdict"),
        targets.rows.map((row) => [...row.slice(0, -1), verdictOf(row)])
      )
}
`
}
