import type { Held, History } from "./History.ts"
import { type Life, livesOf } from "./lives.ts"
import { type Violation, violation } from "./Violation.ts"
import { crossings, type Jump } from "./wall.ts"

/** Finds keys whose values differ at the end between stores that should hold the same entries. */
export const checkContents = ({ contents, keys, operations, jumps }: History): ReadonlyArray<Violation> => {
  const [first, ...others] = Object.entries(contents)
  if (first === undefined) return []
  return keys.flatMap((key, i) => {
    const lives = livesOf(operations, key, jumps)
    const differs = (one: Held, other: Held) => one !== other && !isRevived(lives, jumps, one ?? other)
    const shown = (held: ReadonlyArray<Held>) => held[i] ?? "nothing"
    return others
      .filter(([, held]) => differs(held[i], first[1][i]))
      .map(([name, held]) => {
        const message = `${key}: ${name} holds ${shown(held)}, but ${first[0]} holds ${shown(first[1])}`
        return violation("divergedReplica", message, { key })
      })
  })
}

/** Whether a value had expired before the wall clock was set back, so that only some stores may have removed it. */
const isRevived = (lives: ReadonlyMap<string, Life>, jumps: ReadonlyArray<Jump>, held: Held): boolean => {
  const until = held === undefined ? undefined : lives.get(held)?.until
  return until !== undefined && crossings(jumps, until).some(({ expired }) => !expired)
}
