import * as Effect from "effect/Effect"
import { check, type Expected } from "./check.ts"
import { hash, hashText, isAcknowledged, render } from "./History.ts"
import type { Plan } from "./Plan.ts"
import type { Finding, Report } from "./Report.ts"
import { type Run, run as runPlan, type Subject } from "./run.ts"
import { shrink } from "./shrink.ts"
import { type Violation, type ViolationKind, violation } from "./Violation.ts"

/** The stack to simulate, how its runs are planned, and which guarantees they must keep. */
export interface Simulation<E> {
  readonly subject: Subject<E>
  readonly expected: Expected
  readonly planOf: (seed: number) => Plan
}

/** Makes the report of one run. Shrinks the first violations, as many as `shrinks`. */
export const reportOf = Effect.fnUntraced(function* <E>(
  simulation: Simulation<E>,
  plan: Plan,
  run: Run,
  shrinks: number
): Effect.fn.Return<Report, E> {
  const { history, faults, leakedFibers } = run
  const findings = yield* Effect.forEach(
    violationsOf(run, simulation.expected),
    (violation, i): Effect.Effect<Finding, E> =>
      i < shrinks
        ? shrunk(simulation, plan, run, violation)
        : Effect.succeed({ ...violation, seed: plan.seed, history: render(history), shrunk: false })
  )
  const count = (...of: ReadonlyArray<ViolationKind>) => findings.filter(({ kind }) => of.includes(kind)).length
  const hashes = [hash(history)]
  return {
    seeds: 1,
    operations: history.operations.length,
    acknowledgedWrites: history.operations.filter(isAcknowledged).length,
    faults,
    outages: history.outages.length,
    lostAcknowledgedWrites: count("lostAcknowledgedWrite"),
    notAppliedButVisible: count("notAppliedButVisible"),
    staleReadsBeyondBound: count("staleReadBeyondBound"),
    untypedDefects: count("untypedDefect"),
    leakedFibers,
    hangs: count("hang"),
    answeredAfterClose: count("answeredAfterClose"),
    notRecovered: count("notRecovered", "divergedReplica"),
    otherViolations: count("other", "undecided"),
    hashes,
    replayHash: hashText(hashes.join("")),
    findings
  }
})

const violationsOf = ({ history, leakedFibers }: Run, expected: Expected): ReadonlyArray<Violation> => {
  const leaked = violation("leakedFiber", `${leakedFibers} fibers still run after the stack was closed`)
  return [...check(history, expected), ...(leakedFibers > 0 ? [leaked] : [])].filter(firstOfEachKind())
}

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

/** Leaves out of a plan what is not needed to reproduce a violation of its run. */
const shrunk = Effect.fnUntraced(function* <E>(
  { subject, expected }: Simulation<E>,
  plan: Plan,
  { history }: Run,
  violation: Violation
): Effect.fn.Return<Finding, E> {
  let shortest = violation
  const reproduce = (plan: Plan) =>
    Effect.map(runPlan(subject, plan), (run) => {
      const again = violationsOf(run, expected).find(({ kind }) => kind === violation.kind)
      if (again !== undefined) shortest = again
      return again && run.history
    })
  const found = yield* shrink({ plan, history }, reproduce, plan.steps.length > 300 ? maxReplays / 5 : maxReplays)
  return { ...shortest, seed: plan.seed, history: render(found.history), shrunk: true }
})

const maxReplays = 500
