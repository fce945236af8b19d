import type { Held, History } from "./History.ts"
import { type Life, livesOf } from "./lives.ts"
import type { Violation } from "./Violation.ts"
import { crossings, type Jump } from "./wall.ts"

/** Finds keys whose values differ at the end between stores that should hold the same entries. */
export const checkContents = ({ contents, keys, operations, jumps }: History): ReadonlyArray<Violation> => {
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
                message: `${key}: ${name} holds ${held[i] ?? "nothing"}, but ${first[0]} holds ${first[1][i] ?? "nothing"}`
              }
            ]
          : []
    )
  })
}

/** Whether a value had expired before the wall clock was set back, so that only some stores may have removed it. */
const isRevived = (lives: ReadonlyMap<string, Life>, jumps: ReadonlyArray<Jump>, held: Held): boolean => {
  const until = held === undefined ? undefined : lives.get(held)?.until
  return until !== undefined && crossings(jumps, until).some(({ expired }) => !expired)
}
