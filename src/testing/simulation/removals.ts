import { type History, isWrite, type Operation } from "./History.ts"
import type { Violation } from "./Violation.ts"

/** Nobody can remove more expired entries than were written with a TTL. */
export const ofRemovals = ({ operations }: History): ReadonlyArray<Violation> => {
  const written = operations.reduce((sum, operation) => sum + mortals(operation), 0)
  let removed = 0
  for (const { step, answer } of operations) {
    if (step.action !== "removeExpired" || answer?._tag !== "done") continue
    removed += answer.answer as number
    if (removed <= written) continue
    const message = `#${step.id} removeExpired removed ${removed} expired entries with those before, but at most ${written} can have expired`
    return [{ kind: "other", key: undefined, operation: step.id, message }]
  }
  return []
}

/** How many entries that expire a write can have left in stores. */
const mortals = (operation: Operation): number => {
  const { step, attempts, applications, expiredEarly } = operation
  const mayExpire = step.ttl !== undefined || attempts.length > 0 || expiredEarly.length > 0
  return isWrite(operation) && mayExpire ? step.keys.length * Math.max(1, applications.length) : 0
}
