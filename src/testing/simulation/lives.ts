import { type Operation, valueId } from "./History.ts"
import { type Jump, wallAt } from "./wall.ts"

/** When a value expires by the wall clock, and when a fault may have made it expire earlier. */
export interface Life {
  readonly until: number | undefined
  readonly early: ReadonlyArray<number>
}

/** Returns when each value expires that was or may have been written under a key. */
export const livesOf = (
  operations: ReadonlyArray<Operation>,
  key: string,
  jumps: ReadonlyArray<Jump>
): ReadonlyMap<string, Life> => {
  const makers = new Map<string, () => Life>()
  for (const { step, invoked, expiredEarly: early, attempts, loads } of operations) {
    const from = (start: number) => (): Life => ({ until: step.ttl && start + step.ttl, early })
    makers.set(valueId(step, key), from(wallAt(jumps, invoked.at)))
    for (const { made, wall } of loads) if (made !== undefined) makers.set(made, from(wall))
    for (const { made, seen, at } of attempts) {
      const inherited = (seen: string): Life => {
        const life = makers.get(seen)?.()
        return { until: life?.until, early: [...early, ...(life?.early ?? [])] }
      }
      makers.set(made, step.ttl !== undefined || seen === undefined ? from(at) : () => inherited(seen))
    }
  }
  return new Map([...makers].map(([value, make]) => [value, make()]))
}
