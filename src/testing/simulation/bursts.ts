import { type Setting, type Step, stepOf } from "./Plan.ts"
import type { Seeded } from "./Seeded.ts"

/** The key that many clients write and read at once, and the key that many clients load. */
export const hotKeys = ["hot", "loaded"] as const

/** Enough calls to overflow the call stack if each ran inside another. */
const many = 2000

/**
 * Operations of many clients at the same moment. The first may be slow, and the others wait for it if the stack makes
 * them wait. The others have no faults, so that they end directly one after the other.
 */
export const burst = (
  random: Seeded,
  { hazards, clients }: Setting,
  length: number,
  lastId: number
): ReadonlyArray<Step> => {
  const size = random.chance(0.05) ? many : random.integer(5, 30)
  const at = random.integer(0, Math.max(100, Math.floor(length)))
  const loads = hazards.has("loads") && random.chance(0.4)
  const leaving = hazards.has("interruptions") && random.chance(0.6) ? random.pick([0.5, 1, 1]) : 0
  const budget = hazards.has("budgets") && random.chance(0.5) ? random.integer(5, 35) + 0.25 : undefined
  return Array.from({ length: size }, (_, i) => {
    const first = i === 0
    const leaves = first ? leaving === 1 && random.chance(0.5) : random.chance(leaving)
    const id = lastId + 1 + i
    const action = loads ? "getOrSet" : first || random.chance(0.8) ? "put" : "get"
    return stepOf(id, clients + id, action, [loads ? hotKeys[1] : hotKeys[0]], {
      at,
      calm: !first,
      budget: first ? budget : undefined,
      load: loads ? { pause: 40, result: "value" } : undefined,
      interruption: leaves ? { _tag: "millis", millis: random.integer(0, 30) } : undefined
    })
  })
}
