import type { History, Operation } from "./History.ts"
import type { Stall } from "./Plan.ts"
import type { Violation } from "./Violation.ts"

/** How an operation must end, whatever it answers. */
export interface Limits {
  /** How long an operation takes at most because of a limit outermost in the stack. */
  readonly millis: number
  /** Whether the budget of a caller limits it, too. */
  readonly budgets: boolean
  /** How long an operation of a closed layer takes at most to fail. */
  readonly afterClose: number
}

/** A timer may come this late, and a loader of one's own takes as long as it takes. */
const slack = 50

/** How long a caller whose layer was closed, or who waits for no store, may wait. */
const patience = 5000

/** Operations without an end, or whose end came too late, or that ended as if the layer had not been closed. */
export const ofEndings = (history: History, limits: Limits): ReadonlyArray<Violation> =>
  history.operations.flatMap((operation): ReadonlyArray<Violation> => {
    const { step } = operation
    const find = (kind: Violation["kind"], what: string): ReadonlyArray<Violation> => [
      {
        kind,
        key: step.keys[0],
        operation: step.id,
        message: `#${step.id} ${step.action} ${step.keys.join(" ")} ${what}`
      }
    ]
    const hang = hangOf(history, operation, limits)
    if (hang !== undefined) return find("hang", hang)
    if (operation.answer?._tag === "defect") return find("untypedDefect", `ended with ${operation.answer.cause}`)
    if (isAfterClose(history, operation)) {
      const { answer, invoked, completed } = operation
      if (answer?._tag === "read" || answer?._tag === "done" || answer?._tag === "listed")
        return find("answeredAfterClose", "was answered although the layer was closed before")
      const waited = completed!.at - invoked.at - stalledBetween(history.stalls, operation)
      if (waited > limits.afterClose && operation.loads.length === 0)
        return find("answeredAfterClose", `took ${waited} ms to fail although the layer was closed before`)
    }
    if (step.client < 0 && operation.answer?._tag === "failed")
      return find("notRecovered", `failed with ${operation.answer.error}, although nothing is wrong any more`)
    if (operation.threw && (operation.answer?._tag === "done" || operation.answer?._tag === "read"))
      return find("other", "was answered although its callback threw")
    if (isOthersBudget(operation))
      return find("other", `failed after a budget of ${limitOf(operation)} ms, which is another caller's`)
    return []
  })

const hangOf = (history: History, operation: Operation, limits: Limits): string | undefined => {
  const { step, answer, gaveUp, invoked, completed } = operation
  if (answer === undefined || completed === undefined) return "has no end"
  if (gaveUp !== undefined) {
    if (step.client < 0) return "has no end, although nothing is wrong any more"
    // While the event loop is blocked, nobody can go on.
    const patienceWithStalls = patience + stalledBetween(history.stalls, operation)
    if (gaveUp.quietFor >= patienceWithStalls) return "waits, although no store has anything to answer"
    const closed = history.reopenings.find((it) => it.closed !== undefined && it.closed.seq < gaveUp.at.seq)?.closed
    if (closed !== undefined && invoked.seq < closed.seq && gaveUp.at.at - closed.at >= patienceWithStalls)
      return "has no end, although the layer was closed"
  }
  const budget = limits.budgets ? (step.budget ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  const operations = step.action === "getOrSet" ? 3 : 1
  const loading = operation.loads.reduce((sum, { from, to }) => sum + ((to ?? from).at - from.at), 0)
  const limit = Math.min(limits.millis * operations, budget) + loading + slack
  const took = completed.at - invoked.at - stalledBetween(history.stalls, operation)
  if (took > limit) return `took ${took} ms, of at most ${limit - slack} ms`
  return undefined
}

const isAfterClose = ({ reopenings }: History, { invoked }: Operation): boolean =>
  reopenings.some(
    ({ closed, opened }) =>
      closed !== undefined && closed.seq < invoked.seq && (opened === undefined || invoked.seq < opened.seq)
  )

/** For how long the event loop was blocked during an operation, at most. */
const stalledBetween = (stalls: ReadonlyArray<Stall>, { invoked, completed }: Operation): number =>
  stalls.reduce(
    (sum, { at, millis }) =>
      at <= (completed ?? invoked).at && at + millis + 60_000 >= invoked.at ? sum + millis : sum,
    0
  )

const limitOf = ({ answer }: Operation): number | undefined => (answer?._tag === "failed" ? answer.limit : undefined)

/** Budgets end in a quarter of a millisecond, and no other limit does. */
const isOthersBudget = (operation: Operation): boolean => {
  const limit = limitOf(operation)
  return operation.step.budget === undefined && limit !== undefined && Math.abs((limit % 1) - 0.25) < 0.01
}
