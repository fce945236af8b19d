import { type Plan, type Setting, type Step, stepOf } from "./Plan.ts"
import type { Seeded } from "./Seeded.ts"

/** The counter that clients increment. */
export const counter = "counter"

/** The first number of a client that increments. The other clients have smaller numbers. */
const firstClient = 1_000_000

/** Increments by three clients. Most pauses are short, so that increments overlap. */
export const counting = (
  { steps }: Plan,
  random: Seeded,
  { hazards }: Setting,
  length: number
): ReadonlyArray<Step> => {
  const lastId = steps.reduce((last, { id }) => Math.max(last, id), -1)
  return Array.from({ length: random.integer(6, 24) }, (_, i) => {
    const leaves = hazards.has("interruptions") && random.chance(0.15)
    return stepOf(lastId + 1 + i, firstClient + (i % 3), "increment", [counter], {
      by: 1,
      pause: random.chance(0.7) ? random.integer(0, 10) : random.integer(0, Math.max(10, Math.floor(length / 4))),
      budget: hazards.has("budgets") && random.chance(0.12) ? random.integer(10, 1200) + 0.25 : undefined,
      interruption: leaves ? { _tag: "millis", millis: random.integer(0, 60) } : undefined
    })
  })
}
