import type { Held, History } from "./History.ts"
import { type Life, livesOf } from "./lives.ts"
import type { Violation } from "./Violation.ts"
import { crossings, type Jump } from "./wall.ts"

/** What the stores held in the end, if they should hold the same. */
export const ofContents = ({ contents, keys, operations, jumps }: History): ReadonlyArray<Violation> => {
  const [first, ...others] = Object.entries(contents)
  if (first === undefined) return []
  return keys.flatMap((key, i) => {
    const lives = livesOf(operations, key, jumps)
    const differs = (one: Held, other: Held) => one !== other && !isRevived(lives, jumps, one ?? other)
    return others.flatMap(
      ([name, held]): ReadonlyArray<Violation> =>
        differs(held[i], first[1][i])
          ? [
              {
                kind: "divergedReplica",
                key,
                operation: undefined,
                message: `${key}: ${name} holds ${held[i] ?? "nothing"}, and ${first[0]} ${first[1][i] ?? "nothing"}`
              }
            ]
          : []
    )
  })
}

/** Whether a value has expired before the wall clock was set back. A store may have removed it meanwhile, or not. */
const isRevived = (lives: ReadonlyMap<string, Life>, jumps: ReadonlyArray<Jump>, held: Held): boolean => {
  const until = held === undefined ? undefined : lives.get(held)?.until
  return until !== undefined && crossings(jumps, until).some(({ expired }) => !expired)
}
