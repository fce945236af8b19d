/** The parts of docs/evidence/resilience.md that are made from the results of the three commands, and their charts. */

import { barChart } from "../../../bench/chart.ts"
import type { Row as FaultRow } from "../../../test/faults/row.ts"
import type { Report as FuzzReport } from "../../../test/fuzz/report.ts"
import { type Row as SimulationRow, violations } from "../../../test/simulate/report.ts"
import { markdown } from "./tables.ts"

export interface Results {
  readonly simulate: { readonly stacks: ReadonlyArray<SimulationRow> }
  readonly faults: { readonly rows: ReadonlyArray<FaultRow> }
  readonly fuzz: FuzzReport
}

const count = (n: number): string => n.toLocaleString("en")
const sum = <A>(all: ReadonlyArray<A>, of: (a: A) => number): number => all.reduce((total, a) => total + of(a), 0)
const whole = (n: number | undefined): string => (n === undefined ? "–" : count(Math.round(n)))

const names: Readonly<Record<(typeof violations)[number], string>> = {
  lostAcknowledgedWrites: "lost",
  notAppliedButVisible: "not applied but visible",
  staleReadsBeyondBound: "stale beyond bound",
  untypedDefects: "untyped defects",
  leakedFibers: "leaked fibers",
  hangs: "hangs",
  answeredAfterClose: "answered after close",
  notRecovered: "not recovered",
  otherViolations: "other"
}

const faultsOf = ({ faults }: SimulationRow): number => sum(Object.values(faults), (n) => n)

const simulation = ({ simulate: { stacks } }: Results): string =>
  `${markdown(
    ["stack", "operations", "acknowledged writes", "faults", ...Object.values(names), "`replayHash`"],
    stacks.map((row) => [
      row.stack,
      count(row.operations),
      count(row.acknowledgedWrites),
      count(faultsOf(row)),
      ...violations.map((name) => count(row[name])),
      `\`${row.replayHash}\``
    ])
  )}

In total: ${count(sum(stacks, ({ operations }) => operations))} operations with ${count(Math.max(...stacks.map(({ seeds }) => seeds)))} seeds, ${count(sum(stacks, faultsOf))} faults, and ${count(sum(stacks, ({ acknowledgedWrites }) => acknowledgedWrites))} acknowledged writes.

![Acknowledged writes and injected faults of each stack in the simulation](charts/simulation.svg)`

const failures = (row: FaultRow): string =>
  Object.entries(row.observed?.failures ?? {})
    .map(([tag, n]) => `${tag} ${count(n)}`)
    .join(", ") || "nothing"

const faults = ({ faults: { rows } }: Results): string =>
  `${rows.filter(({ status }) => status === "held").length} of ${rows.length} rows pass:

${markdown(
  ["fault", "store", "calls", "failed with", "slowest, ms", "back, ms", "acknowledged", "lost", "left"],
  rows.map((row) => {
    const { observed } = row
    if (observed === undefined) return [row.fault, row.target, row.status, "", "", "", "", "", ""]
    return [
      row.fault,
      row.target,
      count(observed.calls),
      failures(row),
      whole(observed.slowest),
      whole(observed.back),
      count(observed.acknowledged),
      row.memory === "kept" ? count(observed.lost) : `(${count(observed.lost)})`,
      count(observed.connections + observed.timers + (observed.files ?? 0))
    ]
  })
)}

![Time until calls succeed again after each fault](charts/recovery.svg)`

const fuzz = ({ fuzz: it }: Results): string =>
  `${count(it.inputs)} inputs through ${it.targets.length} targets in ${whole(it.seconds)} seconds gave ${count(it.values)} values, ${count(it.misses)} misses, ${count(it.errors)} typed errors and ${count(it.violations)} violations. The slowest read took ${it.slowestMillis} ms, and the process used at most ${it.peakMiB} MiB more than at the start.`

/** Fills in the parts between `<!-- results of NAME -->` and `<!-- end -->`. */
export const filled = (page: string, results: Results): string => {
  const parts: Readonly<Record<string, string>> = {
    simulate: simulation(results),
    faults: faults(results),
    fuzz: fuzz(results)
  }
  return page.replace(
    /(<!-- results of (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => `${begin}\n${parts[name]}\n\n${end}`
  )
}

/** The charts, by the name of their file. */
export const charts = ({ simulate, faults }: Results): ReadonlyArray<readonly [file: string, svg: string]> => {
  const back = faults.rows.filter(({ observed }) => observed?.back !== undefined)
  return [
    [
      "recovery.svg",
      barChart({
        title: "How long after the end of a fault calls succeed again",
        unit: "milliseconds",
        series: ["back after"],
        bars: back.map(({ fault, target, observed }) => ({
          label: `${fault} (${target})`,
          isOurs: true,
          values: [observed!.back!]
        }))
      })
    ],
    [
      "simulation.svg",
      barChart({
        title: "Acknowledged writes and injected faults in the simulation",
        unit: "number of writes and faults",
        note: "no acknowledged write was lost",
        series: ["acknowledged writes", "faults"],
        bars: simulate.stacks.map((row) => ({
          label: row.stack,
          isOurs: true,
          values: [row.acknowledgedWrites, faultsOf(row)]
        }))
      })
    ]
  ]
}
