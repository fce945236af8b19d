import type { Violation } from "./check.ts"
import type { History } from "./History.ts"

/** What the stores held in the end, if they should hold the same. */
export const ofContents = ({ contents, keys }: History): ReadonlyArray<Violation> => {
  const [first, ...others] = Object.entries(contents)
  if (first === undefined) return []
  return keys.flatMap((key, i) =>
    others.flatMap(
      ([name, held]): ReadonlyArray<Violation> =>
        held[i] === first[1][i]
          ? []
          : [
              {
                kind: "divergedReplica",
                key,
                operation: undefined,
                message: `${key}: ${name} holds ${held[i] ?? "nothing"}, and ${first[0]} ${first[1][i] ?? "nothing"}`
              }
            ]
    )
  )
}
