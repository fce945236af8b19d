/** The results for all inputs, as lines and as JSON. */
import { Effect, FileSystem } from "effect"
import { style } from "../../examples/demo/style.ts"
import type { Finding, Row } from "./run.ts"

export { Failed, fail } from "../support/failed.ts"

export interface Report {
  readonly seed: string
  readonly inputs: number
  readonly seconds: number
  /** The largest increase of memory since the start, as the operating system counts it. */
  readonly peakMiB: number
  readonly slowestMillis: number
  readonly values: number
  readonly misses: number
  readonly errors: number
  readonly violations: number
  readonly targets: ReadonlyArray<Row>
}

export const report = (
  seed: string,
  rows: ReadonlyArray<Row>,
  { seconds, peakBytes }: { readonly seconds: number; readonly peakBytes: number }
): Report => ({
  seed,
  inputs: sum(rows, ({ inputs }) => inputs),
  seconds: Math.round(seconds * 10) / 10,
  peakMiB: mebibytes(peakBytes),
  slowestMillis: Math.round(Math.max(...rows.map(({ slowestMillis }) => slowestMillis))),
  values: sum(rows, ({ values }) => values),
  misses: sum(rows, ({ misses }) => misses),
  errors: sum(rows, errorsOf),
  violations: sum(rows, ({ violations }) => violations),
  targets: rows
})

const sum = (rows: ReadonlyArray<Row>, of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0)

const errorsOf = ({ errors }: Row): number => Object.values(errors).reduce((all, count) => all + count, 0)

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20)

/** The heading of the lines. */
export const head = "target                   inputs   values   misses   errors  slowest    peak     time"

/** A line for a target, with its findings below. */
export const line = (row: Row) =>
  Effect.map(style, ({ good, bad, faint }) => {
    const errors = Object.entries(row.errors).sort(([, a], [, b]) => b - a)
    const columns = [row.inputs, row.values, row.misses, errorsOf(row)]
      .map((count) => String(count).padStart(8))
      .join(" ")
    const times = `${row.slowestMillis.toFixed(0).padStart(5)} ms ${String(mebibytes(row.peakBytes)).padStart(4)} MiB ${row.seconds.toFixed(1).padStart(6)} s`
    const tags = faint(errors.map(([tag, count]) => `${tag} ${count}`).join(", "))
    const mark = row.violations === 0 ? good("✓") : bad("✗")
    return [
      `${mark} ${row.name.padEnd(21)} ${columns} ${times}  ${tags}`,
      ...row.findings.map((it) => bad(described(it)))
    ].join("\n")
  })

const described = (it: Finding): string =>
  [
    `  ${it.kind} (${it.way}, input ${it.index})`,
    ...printable(it.detail).slice(0, 2000).split("\n").slice(0, 12),
    `input  ${cut(it.input)}`,
    `shrunk ${cut(it.shrunk)}`
  ].join("\n      ")

const cut = (text: string): string => (text.length > 1000 ? `${text.slice(0, 1000)}… (the rest is in the JSON)` : text)

/** The text without control characters, which could move the cursor. */
const printable = (text: string): string =>
  text.replace(/[^\P{Cc}\n]|\p{Cs}/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

export const summary = (it: Report) =>
  Effect.map(style, ({ bold, good, bad }) => {
    const figures =
      `${it.values} values, ${it.misses} misses, ${it.errors} typed errors; the slowest read took ${it.slowestMillis} ms, ` +
      `the process used at most ${it.peakMiB} MiB more than at the start; ${it.seconds} s; seed ${it.seed}`
    const verdict =
      it.violations === 0
        ? `${good("✓")} ${bold(`All ${it.inputs} inputs hold.`)}`
        : `${bad("✗")} ${bold(`${it.violations} of ${it.inputs} inputs do not hold.`)}`
    return `\n${verdict}\n  ${figures}`
  })

export const writeJson = Effect.fn("fuzz.writeJson")(function* (path: string, it: Report) {
  const { writeFileString } = yield* FileSystem.FileSystem
  yield* writeFileString(path, `${JSON.stringify(it, null, 2)}\n`)
})
