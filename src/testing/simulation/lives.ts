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
  const makers = new Map(
    operations.flatMap((operation): ReadonlyArray<readonly [string, () => Life]> => {
      const { step, invoked, expiredEarly: early, attempts, loads } = operation
      const until = (from: number): number | undefined => step.ttl && from + step.ttl
      return [
        [valueId(step, key), () => ({ until: until(wallAt(jumps, invoked.at)), early })],
        ...loads.flatMap(
          ({ made, wall }): ReadonlyArray<readonly [string, () => Life]> =>
            made === undefined ? [] : [[made, () => ({ until: until(wall), early })]]
        ),
        ...attempts.map(({ made, seen, at }): readonly [string, () => Life] => [
          made,
          () => {
            if (step.ttl !== undefined || seen === undefined) return { until: until(at), early }
            const inherited = makers.get(seen)?.()
            return { until: inherited?.until, early: [...early, ...(inherited?.early ?? [])] }
          }
        ])
      ]
    })
  )
  return new Map([...makers].map(([value, make]) => [value, make()]))
}
