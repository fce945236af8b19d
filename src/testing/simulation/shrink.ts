import * as Effect from "effect/Effect"
import type { History } from "./History.ts"
import type { Plan, Step } from "./Plan.ts"

/** Runs a plan again, and returns its history if the violation still occurs. */
export type Reproduce<E> = (plan: Plan) => Effect.Effect<History | undefined, E>

interface Found {
  readonly plan: Plan
  readonly history: History
}

/**
 * Leaves out of a plan what is not needed to reproduce a violation: operations (by halves, quarters and so on, down to
 * single ones), outages, other faults, jumps, stalls, restarts, and keys of batches. The faults of an operation stay
 * the same when others are left out.
 */
export const shrink = Effect.fnUntraced(function* <E>(
  first: Found,
  reproduce: Reproduce<E>,
  maxRuns: number
): Effect.fn.Return<Found, E> {
  let found = first
  let runs = 0
  const attempt = Effect.fnUntraced(function* (plan: Plan): Effect.fn.Return<boolean, E> {
    if (runs >= maxRuns) return false
    runs++
    const history = yield* reproduce(plan)
    if (history !== undefined) found = { plan, history }
    return history !== undefined
  })

  /** Tries to leave out each part of a list, larger parts first. */
  const leaveOut = Effect.fnUntraced(function* <A>(
    items: (plan: Plan) => ReadonlyArray<A>,
    without: (plan: Plan, part: ReadonlySet<A>) => Plan
  ): Effect.fn.Return<void, E> {
    for (let size = Math.ceil(items(found.plan).length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < items(found.plan).length; ) {
        const part = new Set(items(found.plan).slice(from, from + size))
        if (!(yield* attempt(without(found.plan, part)))) from += size
      }
    }
  })

  const withSteps = (plan: Plan, f: (step: Step) => Step): Plan => ({ ...plan, steps: plan.steps.map(f) })
  /** Tries to make these changes to each part of the steps that pass a test. */
  const relieve = (test: (step: Step) => boolean, changes: Partial<Step>) =>
    leaveOut(
      ({ steps }) => steps.filter(test),
      (plan, part) => withSteps(plan, (step) => (part.has(step) ? { ...step, ...changes } : step))
    )
  const times = new Map(first.history.operations.map(({ step, invoked }) => [step.id, invoked.at]))
  yield* attempt(withSteps(first.plan, (step) => ({ ...step, at: times.get(step.id) })))
  let before: number
  do {
    before = sizeOf(found.plan)
    for (const list of ["outages", "jumps", "stalls", "restarts", "steps"] as const) {
      yield* leaveOut<unknown>(
        (plan) => plan[list],
        (plan, part) => ({ ...plan, [list]: (plan[list] as ReadonlyArray<unknown>).filter((it) => !part.has(it)) })
      )
    }
    yield* relieve(({ calm }) => !calm, { calm: true })
    yield* relieve(({ interruption, budget }) => interruption !== undefined || budget !== undefined, {
      interruption: undefined,
      budget: undefined
    })
    yield* leaveOut(
      ({ steps }) => steps.flatMap((step) => (step.keys.length < 2 ? [] : step.keys.map((key) => `${step.id} ${key}`))),
      (plan, part) =>
        withSteps(plan, (step) => {
          const keys = step.keys.filter((key) => !part.has(`${step.id} ${key}`))
          return keys.length === 0 ? step : { ...step, keys }
        })
    )
  } while (sizeOf(found.plan) < before && runs < maxRuns)
  return found
})

const sizeOf = ({ steps, outages, jumps, stalls, restarts }: Plan): number =>
  outages.length +
  jumps.length +
  stalls.length +
  restarts.length +
  steps.reduce((sum, { calm, keys }) => sum + 1 + keys.length + (calm ? 0 : 1), 0)
