import * as Effect from "effect/Effect"
import { type Kind, kinds } from "../Chaos.ts"
import { check, type Expected } from "./check.ts"
import { type History, hash, hashText, isAcknowledged, render } from "./History.ts"
import type * as Plan from "./Plan.ts"
import type { Finding, Report } from "./Report.ts"
import { type Run, run as runPlan, type Subject } from "./run.ts"
import { shrink } from "./shrink.ts"
import type { Violation, ViolationKind } from "./Violation.ts"

/** The stack to simulate, how its runs are planned, and which guarantees they must keep. */
export interface Simulation<E> {
  readonly subject: Subject<E>
  readonly expected: Expected
  readonly planOf: (seed: number) => Plan.Plan
}

export const violationsOf = ({ history, leakedFibers }: Run, expected: Expected): ReadonlyArray<Violation> =>
  [
    ...check(history, expected),
    ...(leakedFibers > 0
      ? [
          {
            kind: "leakedFiber" as const,
            message: `${leakedFibers} fibers still run after the stack was closed`,
            key: undefined,
            operation: undefined
          }
        ]
      : [])
  ].filter(firstOfEachKind())

/** Keeps the first few violations of each kind, because a thousand hangs show no more than a few. */
const firstOfEachKind = () => {
  const counts = new Map<ViolationKind, number>()
  return ({ kind }: Violation): boolean => {
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    return count <= maxPerKind
  }
}

const maxPerKind = 5

/** Adds up the results of runs. */
export class Tally {
  private readonly hashes: Array<string> = []
  private readonly findings: Array<Finding> = []
  private readonly faults = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>
  private operations = 0
  private acknowledgedWrites = 0
  private outages = 0
  private leakedFibers = 0
  private shrinks: number

  constructor(shrinks: number) {
    this.shrinks = shrinks
  }

  add({ history, faults, leakedFibers }: Run): void {
    this.hashes.push(hash(history))
    this.operations += history.operations.length
    this.acknowledgedWrites += history.operations.filter(isAcknowledged).length
    this.outages += history.outages.length
    this.leakedFibers += leakedFibers
    for (const kind of kinds) this.faults[kind] += faults[kind]
  }

  find<E>(simulation: Simulation<E>, plan: Plan.Plan, history: History, violation: Violation): Effect.Effect<void, E> {
    if (this.shrinks-- <= 0) {
      this.findings.push({ ...violation, seed: plan.seed, history: render(history), shrunk: false })
      return Effect.void
    }
    let shortest = violation
    const reproduce = (plan: Plan.Plan) =>
      Effect.map(runPlan(simulation.subject, plan), (run) => {
        const again = violationsOf(run, simulation.expected).find(({ kind }) => kind === violation.kind)
        if (again !== undefined) shortest = again
        return again && run.history
      })
    return Effect.map(
      shrink({ plan, history }, reproduce, plan.steps.length > 300 ? maxReplays / 5 : maxReplays),
      ({ history }) => {
        this.findings.push({ ...shortest, seed: plan.seed, history: render(history), shrunk: true })
      }
    )
  }

  report(seeds: number): Report {
    const count = (...of: ReadonlyArray<ViolationKind>) => this.findings.filter(({ kind }) => of.includes(kind)).length
    return {
      seeds,
      operations: this.operations,
      acknowledgedWrites: this.acknowledgedWrites,
      faults: this.faults,
      outages: this.outages,
      lostAcknowledgedWrites: count("lostAcknowledgedWrite"),
      notAppliedButVisible: count("notAppliedButVisible"),
      staleReadsBeyondBound: count("staleReadBeyondBound"),
      untypedDefects: count("untypedDefect"),
      leakedFibers: this.leakedFibers,
      hangs: count("hang"),
      answeredAfterClose: count("answeredAfterClose"),
      notRecovered: count("notRecovered", "divergedReplica"),
      otherViolations: count("other", "undecided"),
      hashes: this.hashes,
      replayHash: hashText(this.hashes.join("")),
      findings: this.findings
    }
  }
}

const maxReplays = 500
