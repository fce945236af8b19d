import { type History, isWrite, type Operation } from "./History.ts"
import { type Violation, violation } from "./Violation.ts"

/** Finds a `removeExpired` after which more entries have been removed than were written with a TTL. */
export const checkRemovals = ({ operations }: History): ReadonlyArray<Violation> => {
  const written = operations.reduce((sum, operation) => sum + expiringEntries(operation), 0)
  let removed = 0
  for (const { step, answer } of operations) {
    if (step.action !== "removeExpired" || answer?._tag !== "done") continue
    removed += answer.answer as number
    if (removed <= written) continue
    const message = `#${step.id} removeExpired raised the number of removed entries to ${removed}, but at most ${written} can have expired`
    return [violation("other", message, { operation: step.id })]
  }
  return []
}

/** The largest number of expiring entries that a write can have left in the stores. */
const expiringEntries = (operation: Operation): number => {
  const { step, attempts, applications, expiredEarly } = operation
  const mayExpire = step.ttl !== undefined || attempts.length > 0 || expiredEarly.length > 0
  return isWrite(operation) && mayExpire ? step.keys.length * Math.max(1, applications.length) : 0
}
