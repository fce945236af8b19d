import type { Setting, Step } from "./Plan.ts"
import type { Seeded } from "./Seeded.ts"

/** The key that many write and read at once, and the one that many load. */
export const hotKeys = ["hot", "loaded"] as const

/** So many calls that one inside of the other would not fit on the stack. */
const many = 2000

/**
 * Operations of many callers at the same moment. The first one takes its time, and the others wait for it where there is
 * something to wait for. They are spared from faults, so that they end one right after the other.
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
  return Array.from({ length: size }, (_, i): Step => {
    const first = i === 0
    const leaves = first ? leaving === 1 && random.chance(0.5) : random.chance(leaving)
    return {
      id: lastId + 1 + i,
      client: clients + lastId + 1 + i,
      action: loads ? "getOrSet" : first || random.chance(0.8) ? "put" : "get",
      keys: [loads ? hotKeys[1] : hotKeys[0]],
      pause: 0,
      at,
      ttl: undefined,
      large: false,
      calm: !first,
      budget: first ? budget : undefined,
      load: loads ? { pause: 40, result: "value" } : undefined,
      interruption: leaves ? { _tag: "millis", millis: random.integer(0, 30) } : undefined
    }
  })
}
