import { firstIndex } from "./firstIndex.ts"
import { type History, isDone, type Operation, valueId } from "./History.ts"
import type { Guarantees } from "./registers.ts"
import { type Violation, violation } from "./Violation.ts"

/**
 * Checks a key that many clients only write, read and load at once: no read returns a value that an acknowledged write
 * had replaced before the read began, and written values stay.
 */
export const checkHotKey = (
  { operations }: History,
  key: string,
  { staleness }: Guarantees
): ReadonlyArray<Violation> => {
  const ofKey = operations.filter(({ step }) => step.keys[0] === key)
  const makers = new Map(ofKey.map((operation) => [valueId(operation.step, key), operation]))
  for (const operation of ofKey) {
    for (const { made } of operation.loads) if (made !== undefined) makers.set(made, operation)
  }
  const acknowledged = ofKey.filter(isDone).sort((a, b) => a.completed!.seq - b.completed!.seq)
  const newest = newestBefore(acknowledged)
  const violations: Array<Violation> = []
  for (const operation of ofKey) {
    const { answer, step, invoked } = operation
    if (answer?._tag !== "read") continue
    const find = (kind: Violation["kind"], what: string) =>
      violations.push(violation(kind, `${key}: #${step.id} ${step.action} saw ${what}`, { key, operation: step.id }))
    const [held] = answer.held
    const maker = held === undefined ? undefined : makers.get(held)
    if (held !== undefined && maker === undefined) find("other", `${held}, which no operation wrote`)
    if (staleness._tag !== "never" && step.client >= 0) continue
    const last = newest(invoked.seq)
    if (last === undefined) continue
    if (held === undefined) find("lostAcknowledgedWrite", `nothing, although #${last.step.id} had been acknowledged`)
    else if (maker !== undefined && isSettled(maker) && maker.completed!.seq < last.invoked.seq)
      find("lostAcknowledgedWrite", `${held}, although #${last.step.id} had replaced it`)
  }
  return violations
}

/** Whether each store applied a write once, before the write completed, so that it cannot take effect again or late. */
const isSettled = (operation: Operation): boolean =>
  isDone(operation) &&
  operation.applications.every(
    ({ store, from }, i, all) =>
      from.seq < operation.completed!.seq && all.findIndex((other) => other.store === store) === i
  )

/** Returns, for a moment, the write that began last among those that were acknowledged before it. */
const newestBefore = (acknowledged: ReadonlyArray<Operation>) => {
  const newest: Array<Operation> = []
  for (const operation of acknowledged) {
    const before = newest.at(-1)
    newest.push(before === undefined || operation.invoked.seq > before.invoked.seq ? operation : before)
  }
  return (seq: number): Operation | undefined =>
    newest[firstIndex(acknowledged, ({ completed }) => completed!.seq >= seq) - 1]
}
