/** The results of the faults, as lines and as JSON. */
import { Effect, FileSystem } from "effect"
import { style } from "../../examples/demo/style.ts"
import type { Observation, Row } from "./row.ts"

export { Failed, fail } from "../support/failed.ts"

const columns = [
  ["fault", 34],
  ["on", 10],
  ["calls", 7],
  ["failed with", 46],
  ["slowest", 14],
  ["back after", 11],
  ["acknowledged", 13],
  ["lost", 10],
  ["left", 5]
] as const

const aligned = (cells: ReadonlyArray<string>): string =>
  cells
    .map((cell, i) => cell.padEnd(columns[i]![1]))
    .join(" ")
    .trimEnd()

export const head = Effect.map(style, ({ bold }) => `  ${bold(aligned(columns.map(([name]) => name)))}`)

/** The text of each cell of a row. */
const cells = (row: Row): ReadonlyArray<string> => {
  const { observed } = row
  if (observed === undefined) return [row.fault, row.target, "", row.status]
  const lost = row.memory === "kept" ? String(observed.lost) : `(${observed.lost})`
  return [
    row.fault,
    row.target,
    String(observed.calls),
    failures(observed) || "nothing",
    observed.slowest === undefined ? "–" : `${whole(observed.slowest)} of ${whole(observed.limit ?? 0)}`,
    observed.back === undefined ? "–" : `${whole(observed.back)} ms`,
    String(observed.acknowledged),
    lost,
    String(observed.connections + observed.timers + (observed.files ?? 0))
  ]
}

const whole = (millis: number): string => String(Math.round(millis))

const failures = ({ failures }: Observation): string =>
  Object.entries(failures)
    .map(([tag, count]) => `${tag} ${count}`)
    .join(", ")

export const line = (row: Row) =>
  Effect.map(style, ({ good, bad, faint }) => {
    const mark = row.status === "held" ? good("✓") : row.status === "violated" ? bad("✗") : faint("-")
    const below = [...row.violations.map((text) => bad(text)), ...row.notes.map((text) => faint(text))]
    return [`${mark} ${aligned(cells(row))}`, ...below.map((text) => `    ${text}`)].join("\n")
  })

export const summary = (rows: ReadonlyArray<Row>) =>
  Effect.map(style, ({ bold, good, bad, faint }) => {
    const of = (status: Row["status"]) => rows.filter((row) => row.status === status).length
    const skipped = of("skipped") === 0 ? "" : faint(` ${of("skipped")} could not be tried here.`)
    const verdict =
      of("violated") === 0
        ? `${good("✓")} ${bold(`${of("held")} of ${rows.length} faults were survived as promised.`)}${skipped}`
        : `${bad("✗")} ${bold(`${of("violated")} of ${rows.length} faults broke a promise.`)}${skipped}`
    return [
      "",
      faint(
        "Times are milliseconds. Slowest: the slowest call, and its limit. Back after: when calls succeeded again after the end of"
      ),
      faint(
        "the fault. Lost: acknowledged writes, in brackets where the server itself loses data. Left: connections, timers, files."
      ),
      "",
      verdict
    ].join("\n")
  })

export const writeJson = Effect.fn("faults.writeJson")(function* (path: string, rows: ReadonlyArray<Row>) {
  const { writeFileString } = yield* FileSystem.FileSystem
  yield* writeFileString(path, `${JSON.stringify({ rows }, null, 2)}\n`)
})
