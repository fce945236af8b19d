import type { History, Operation } from "./History.ts"
import type { Stall } from "./Plan.ts"
import { type Violation, violation } from "./Violation.ts"

/** Time limits of every operation. */
export interface Limits {
  /** The time limit of the stack's outermost wrapper. */
  readonly millis: number
  /** Whether the budget of its caller limits an operation, too. */
  readonly budgets: boolean
  /** How long an operation of a closed layer may take to fail. */
  readonly afterClose: number
}

/** How late a timer may fire. */
const slack = 50

/** How long a caller may wait after its layer was closed, or while no store has a call to reply to. */
const patience = 5000

/** Finds operations that did not end, ended too late, or ended in a way that is not allowed. */
export const checkEndings = (history: History, limits: Limits): ReadonlyArray<Violation> =>
  history.operations.flatMap((operation): ReadonlyArray<Violation> => {
    const { step } = operation
    const find = (kind: Violation["kind"], what: string): ReadonlyArray<Violation> => {
      const message = `#${step.id} ${step.action} ${step.keys.join(" ")} ${what}`
      return [violation(kind, message, { key: step.keys[0], operation: step.id })]
    }
    const hang = hangOf(history, operation, limits)
    if (hang !== undefined) return find("hang", hang)
    if (operation.answer?._tag === "defect") return find("untypedDefect", `ended with ${operation.answer.cause}`)
    if (isAfterClose(history, operation)) {
      const { answer, invoked, completed } = operation
      if (answer?._tag === "read" || answer?._tag === "done" || answer?._tag === "listed")
        return find("answeredAfterClose", "succeeded although the layer had been closed before")
      const waited = completed!.at - invoked.at - stalledBetween(history.stalls, operation)
      if (waited > limits.afterClose && operation.loads.length === 0)
        return find("answeredAfterClose", `took ${waited} ms to fail although the layer had been closed before`)
    }
    if (step.client < 0 && operation.answer?._tag === "failed")
      return find("notRecovered", `failed with ${operation.answer.error} after all faults had stopped`)
    if (operation.threw && (operation.answer?._tag === "done" || operation.answer?._tag === "read"))
      return find("other", "succeeded although its callback threw")
    if (failedAtOthersBudget(operation))
      return find("other", `failed after ${limitOf(operation)} ms, which is the budget of another caller`)
    return []
  })

const hangOf = (history: History, operation: Operation, limits: Limits): string | undefined => {
  const { step, answer, gaveUp, invoked, completed } = operation
  if (answer === undefined || completed === undefined) return "did not end"
  if (gaveUp !== undefined) {
    if (step.client < 0) return "did not end after all faults had stopped"
    // No fiber can run while the event loop is blocked.
    const patienceWithStalls = patience + stalledBetween(history.stalls, operation)
    if (gaveUp.quietFor >= patienceWithStalls) return "waited although no store had a call to reply to"
    const closed = history.reopenings.find((it) => it.closed !== undefined && it.closed.seq < gaveUp.at.seq)?.closed
    if (closed !== undefined && invoked.seq < closed.seq && gaveUp.at.at - closed.at >= patienceWithStalls)
      return "did not end after the layer had been closed"
  }
  const budget = limits.budgets ? (step.budget ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  const operations = step.action === "getOrSet" || step.action === "increment" ? 3 : 1
  const loading = operation.loads.reduce((sum, { from, to }) => sum + ((to ?? from).at - from.at), 0)
  const limit = Math.min(limits.millis * operations, budget) + loading + slack
  const took = completed.at - invoked.at - stalledBetween(history.stalls, operation)
  if (took > limit) return `took ${took} ms, but the limit is ${limit - slack} ms`
  return undefined
}

const isAfterClose = ({ reopenings }: History, { invoked }: Operation): boolean =>
  reopenings.some(
    ({ closed, opened }) =>
      closed !== undefined && closed.seq < invoked.seq && (opened === undefined || invoked.seq < opened.seq)
  )

/** The longest time for which the event loop can have been blocked during an operation. */
const stalledBetween = (stalls: ReadonlyArray<Stall>, { invoked, completed }: Operation): number =>
  stalls.reduce(
    (sum, { at, millis }) =>
      at <= (completed ?? invoked).at && at + millis + 60_000 >= invoked.at ? sum + millis : sum,
    0
  )

const limitOf = ({ answer }: Operation): number | undefined => (answer?._tag === "failed" ? answer.limit : undefined)

/** Only budgets end in a quarter of a millisecond. */
const failedAtOthersBudget = (operation: Operation): boolean => {
  const limit = limitOf(operation)
  return operation.step.budget === undefined && limit !== undefined && Math.abs((limit % 1) - 0.25) < 0.01
}
