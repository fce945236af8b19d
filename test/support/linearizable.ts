/** What somebody did to a register, and when. */
export interface Operation {
  readonly do: "read" | "write"
  /** What was read, or written; `undefined` for a miss, or a deletion. */
  readonly value: unknown
  readonly start: number
  /** Infinite for a write of which nobody knows when, or whether, it was applied. */
  readonly end: number
}

/**
 * Can the operations be put in an order that agrees with their times, in which each read answers the last write?
 *
 * Positions, not times: operations that touch in time are told apart by the order in which they began and ended. Writes
 * with an infinite end may be left out.
 */
export const isLinearizable = (operations: ReadonlyArray<Operation>): boolean => {
  const seen = new Set<string>()
  const required = operations.flatMap(({ end }, i) => (end === Number.POSITIVE_INFINITY ? [] : [i]))
  const search = (done: ReadonlySet<number>, value: unknown): boolean => {
    if (required.every((i) => done.has(i))) return true
    const state = `${[...done].sort((a, b) => a - b).join()} ${String(value)}`
    if (seen.has(state)) return false
    seen.add(state)
    const rest = operations.flatMap((_, i) => (done.has(i) ? [] : [i]))
    const firstEnd = Math.min(...rest.map((i) => operations[i]!.end))
    return rest.some((i) => {
      const operation = operations[i]!
      if (operation.start > firstEnd) return false
      if (operation.do === "read") return operation.value === value && search(new Set([...done, i]), value)
      return search(new Set([...done, i]), operation.value)
    })
  }
  return search(new Set(), undefined)
}
