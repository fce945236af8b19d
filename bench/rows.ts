import type { Sample } from "./measure.ts"
import { attainable, isMet, type Target } from "./targets.ts"

/** A target, and the figure of each run so far. */
export interface Row {
  readonly target: Target
  readonly reached: ReadonlyArray<{
    readonly figure: number
    /** The limit in this run. */
    readonly most: number
  }>
  /** Whether one of the runs met the limit. */
  readonly passed: boolean
}

/** The factor by which a run may exceed its target. */
const tolerance = 1.15

/** The row after another run. */
export const rowOf = ({ target, reached, passed }: Row, samples: ReadonlyArray<Sample>): Row => {
  const figure = target.reached(samples) ?? Number.NaN
  const bound = attainable(target, samples)
  return {
    target,
    reached: [...reached, { figure, most: bound.most * tolerance }],
    passed: passed || isMet(bound, figure, tolerance)
  }
}

/** A row before any run. */
export const emptyRow = (target: Target): Row => ({ target, reached: [], passed: false })

/** The rows that no run has passed yet. A run without a figure does not pass. */
export const stillFailing = (rows: ReadonlyArray<Row>): ReadonlyArray<Row> => rows.filter(({ passed }) => !passed)

/** The rows as text. */
export const table = (rows: ReadonlyArray<Row>): string => {
  const failing = new Set(stillFailing(rows))
  const width = Math.max(...rows.map(({ target }) => target.name.length))
  return rows
    .map((row) => {
      const { name, most, unit } = row.target
      const figures = row.reached.map(({ figure, most }) => `${figure.toFixed(2)} (of ${most.toFixed(2)})`).join(", ")
      return `${failing.has(row) ? "FAIL" : "ok  "} ${name.padEnd(width)}  target ${most} ${unit}, reached ${figures}`
    })
    .join("\n")
}
