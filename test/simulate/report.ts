/** The results of the simulation, as lines and as JSON. */
import { Console, Effect, FileSystem } from "effect"
import { Simulation } from "effect-kv/testing"
import { style } from "../../examples/demo/style.ts"
import type { Done } from "./task.ts"

export { Failed } from "../support/failed.ts"

/** The counts that must be 0. */
export const violations = [
  "lostAcknowledgedWrites",
  "notAppliedButVisible",
  "staleReadsBeyondBound",
  "untypedDefects",
  "leakedFibers",
  "hangs",
  "answeredAfterClose",
  "notRecovered",
  "otherViolations"
] as const

export interface Row extends Omit<Simulation.Report, "hashes"> {
  readonly stack: string
  readonly stores: ReadonlyArray<string>
  readonly wallSeconds: number
}

/** One row per stack, over all stores, seeds and rounds of a seed. */
export const rows = (done: ReadonlyArray<Done>, rounds: number): ReadonlyArray<Row> =>
  [...Map.groupBy(done, ({ stack }) => stack)].map(([stack, parts]) => {
    const { hashes: _, ...report } = Simulation.merge(parts)
    const stores = [...new Set(parts.map(({ store }) => store))]
    const seeds = report.seeds / stores.length / rounds
    return { stack, stores, ...report, seeds, wallSeconds: parts.reduce((sum, it) => sum + it.wallSeconds, 0) }
  })

export const violationCount = (row: Pick<Row, (typeof violations)[number]>): number =>
  violations.reduce((sum, name) => sum + row[name], 0)

/** A line for each part when it is done. */
export const progress = (done: Done) =>
  Effect.flatMap(style, ({ good, bad, faint }) => {
    const count = violationCount(done)
    const verdict = count === 0 ? good("0 violations") : bad(`${count} violations`)
    const what = `${done.stack} over ${done.store}`.padEnd(26)
    return Console.log(
      `${what} ${done.seeds} seeds, ${done.operations} operations: ${verdict} ${faint(`${done.wallSeconds.toFixed(1)} s`)}`
    )
  })

/** The seed of a violation, how to reproduce it, and the shortest history that shows it. */
export const finding = (done: Done, operations: number, without: string) =>
  Effect.map(style, ({ bad, bold, faint }) =>
    done.findings
      .filter(({ shrunk }) => shrunk)
      .map(({ seed, kind, message, history }) =>
        [
          "",
          `${bad(kind)}: ${bold(message)}`,
          `${done.stack} over ${done.store}, seed ${seed}. To repeat: npm run simulate -- --stack ${done.stack} --store ${done.store} --seed ${seed} --ops ${operations}${without === "" ? "" : ` --without ${without}`}`,
          ...history.map((line) => faint(`  ${line}`))
        ].join("\n")
      )
      .join("\n")
  )

export const table = (rows: ReadonlyArray<Row>): string => {
  const header = ["stack", "seeds", "operations", "acknowledged", "faults", ...violations, "replay hash", "seconds"]
  const cells = rows.map((row) => [
    row.stack,
    String(row.seeds),
    String(row.operations),
    String(row.acknowledgedWrites),
    String(Object.values(row.faults).reduce((sum, count) => sum + count, 0)),
    ...violations.map((name) => String(row[name])),
    row.replayHash,
    row.wallSeconds.toFixed(1)
  ])
  const widths = header.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length)))
  return [header, ...cells].map((row) => row.map((cell, i) => cell.padStart(widths[i]!)).join("  ")).join("\n")
}

export const writeJson = Effect.fn("simulate.writeJson")(function* (path: string, rows: ReadonlyArray<Row>) {
  const { writeFileString } = yield* FileSystem.FileSystem
  yield* writeFileString(path, `${JSON.stringify({ stacks: rows }, null, 2)}\n`)
})
