/** An operation on a register, and when it ran. */
export interface Operation {
  readonly do: "read" | "write"
  /** The value that was read or written; `undefined` for a miss or a deletion. */
  readonly value: unknown
  readonly start: number
  /** Infinite for a write of unknown outcome, which may be applied at any time or never. */
  readonly end: number
}

/**
 * Whether the operations have an order that agrees with their times, in which each read returns the last write.
 *
 * `start` and `end` are positions, not times, so that operations at the same time have an order. Writes
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
