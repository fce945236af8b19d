import type { Kind } from "../Chaos.ts"
import type { Violation } from "./Violation.ts"

/**
 * A violation, and a history that shows it.
 *
 * @since 0.1.0
 */
export interface Finding extends Violation {
  readonly seed: number
  /** A line for each event; the shortest that was found, where it was shrunk. */
  readonly history: ReadonlyArray<string>
  readonly shrunk: boolean
}

/**
 * What came out of a simulation.
 *
 * @since 0.1.0
 */
export interface Report {
  readonly seeds: number
  readonly operations: number
  readonly acknowledgedWrites: number
  /** How many faults of each kind there were, calls in outages included. */
  readonly faults: Readonly<Record<Kind, number>>
  readonly outages: number
  readonly lostAcknowledgedWrites: number
  readonly notAppliedButVisible: number
  readonly staleReadsBeyondBound: number
  readonly untypedDefects: number
  readonly leakedFibers: number
  /** Operations without an end, or that took longer than the stack allows. */
  readonly hangs: number
  readonly answeredAfterClose: number
  /** Operations that fail, and stores that differ, although nothing has been wrong for long. */
  readonly notRecovered: number
  /** Violations of other kinds: values that nobody wrote, callers that were ended by the budget of another. */
  readonly otherViolations: number
  /** A hash of each run's history, in the order of seeds. */
  readonly hashes: ReadonlyArray<string>
  /** The same for the same options, to the byte of all histories. */
  readonly replayHash: string
  readonly findings: ReadonlyArray<Finding>
}
