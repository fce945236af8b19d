import { type Kind, kinds } from "../Chaos.ts"
import { hashText } from "./History.ts"
import type { Violation } from "./Violation.ts"

/**
 * A violation, with the seed and the history that show it.
 *
 * @since 0.1.0
 */
export interface Finding extends Violation {
  readonly seed: number
  /** One line for each event. If `shrunk` is true, it is the shortest history that was found. */
  readonly history: ReadonlyArray<string>
  readonly shrunk: boolean
}

/**
 * The result of a simulation.
 *
 * @since 0.1.0
 */
export interface Report {
  readonly seeds: number
  readonly operations: number
  readonly acknowledgedWrites: number
  /** How many faults of each kind were injected, including those in outages. */
  readonly faults: Readonly<Record<Kind, number>>
  readonly outages: number
  readonly lostAcknowledgedWrites: number
  readonly notAppliedButVisible: number
  readonly staleReadsBeyondBound: number
  readonly untypedDefects: number
  readonly leakedFibers: number
  /** Operations that did not end or took longer than the stack allows, and layers that did not close or open again. */
  readonly hangs: number
  readonly answeredAfterClose: number
  /** Operations that failed, and stores that differed, after all faults had stopped and `recovery` had passed. */
  readonly notRecovered: number
  /** Other violations, such as values that no operation wrote, or operations that failed at another caller's budget. */
  readonly otherViolations: number
  /** A hash of each run's history, in the order of the seeds. */
  readonly hashes: ReadonlyArray<string>
  /** A hash of all histories. The same options give the same hash. */
  readonly replayHash: string
  readonly findings: ReadonlyArray<Finding>
}

/**
 * Merges the reports of parts of one simulation, which must be in the order of their seeds.
 *
 * @since 0.1.0
 */
export const merge = (reports: ReadonlyArray<Report>): Report => {
  const sum = (f: (report: Report) => number): number => reports.reduce((sum, report) => sum + f(report), 0)
  const hashes = reports.flatMap((report) => report.hashes)
  return {
    seeds: sum((it) => it.seeds),
    operations: sum((it) => it.operations),
    acknowledgedWrites: sum((it) => it.acknowledgedWrites),
    faults: Object.fromEntries(kinds.map((kind) => [kind, sum(({ faults }) => faults[kind])])) as Report["faults"],
    outages: sum((it) => it.outages),
    lostAcknowledgedWrites: sum((it) => it.lostAcknowledgedWrites),
    notAppliedButVisible: sum((it) => it.notAppliedButVisible),
    staleReadsBeyondBound: sum((it) => it.staleReadsBeyondBound),
    untypedDefects: sum((it) => it.untypedDefects),
    leakedFibers: sum((it) => it.leakedFibers),
    hangs: sum((it) => it.hangs),
    answeredAfterClose: sum((it) => it.answeredAfterClose),
    notRecovered: sum((it) => it.notRecovered),
    otherViolations: sum((it) => it.otherViolations),
    hashes,
    replayHash: hashText(hashes.join("")),
    findings: reports.flatMap(({ findings }) => findings)
  }
}
