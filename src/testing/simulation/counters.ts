import type { History, Operation } from "./History.ts"
import { isNotApplied } from "./registers.ts"
import { type Violation, violation } from "./Violation.ts"

/**
 * Checks a counter that clients only increment, by 1 or (to read it) by 0: each acknowledged increment is counted exactly
 * once, and each other increment at most once, unless it was certainly not applied.
 */
export const checkCounter = ({ operations }: History, key: string): ReadonlyArray<Violation> => {
  const ofKey = operations.filter(({ step }) => step.action === "increment" && step.keys[0] === key)
  const adding = ofKey.filter(({ step }) => step.by !== 0)
  const acknowledged = adding.filter((it) => resultOf(it) !== undefined)
  const refused = adding.filter(({ answer }) => isNotApplied(answer))
  const possible = adding.filter(({ answer }) => !isNotApplied(answer))
  const makers = new Map<number, Operation>()
  return ofKey.flatMap((operation): ReadonlyArray<Violation> => {
    const { step, invoked, completed } = operation
    const result = resultOf(operation)
    if (result === undefined) return []
    const find = (kind: Violation["kind"], what: string): ReadonlyArray<Violation> => [
      violation(kind, `${key}: #${step.id} increment returned ${result}, ${what}`, { key, operation: step.id })
    ]
    const own = step.by === 0 ? 0 : 1
    const twin = makers.get(result)
    if (own === 1 && twin !== undefined) return find("lostAcknowledgedWrite", `as #${twin.step.id} had`)
    if (own === 1) makers.set(result, operation)
    const before = acknowledged.filter((it) => it.completed!.seq < invoked.seq).length
    if (result < before + own) return find("lostAcknowledgedWrite", `after ${before} acknowledged increments`)
    const others = (all: ReadonlyArray<Operation>) =>
      all.filter((it) => it !== operation && it.invoked.seq < completed!.seq).length
    const most = others(possible)
    if (result <= most + own) return []
    return result <= most + others(refused) + own
      ? find("notAppliedButVisible", "which counts an increment that had failed and was not applied")
      : find("other", `although only ${most} others had begun`)
  })
}

const resultOf = ({ answer }: Operation): number | undefined =>
  answer?._tag === "done" && typeof answer.answer === "number" ? answer.answer : undefined
