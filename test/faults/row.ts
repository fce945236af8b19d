/** The result of a fault, and whether it is allowed. */

/** What happens to the server's memory in a fault, and so to acknowledged writes. */
export type Memory =
  /** No acknowledged write may be lost. */
  | "kept"
  /** The server loses its memory. Lost writes are counted and allowed. */
  | "lost"
  /** The server acknowledges before its replica has the write. What a failover loses is counted and allowed. */
  | "replicated"

export interface Expectation {
  /** The errors that callers may see, of which at least one must be seen. If it is empty, no call may fail. */
  readonly tags: ReadonlyArray<string>
  readonly memory: Memory
  /** Milliseconds after the end of the fault by which calls must succeed again. */
  readonly backWithin?: number
}

/** The observations during a fault. Times are milliseconds. */
export interface Observation {
  readonly calls: number
  /** Failed calls by tag. */
  readonly failures: Readonly<Record<string, number>>
  /** Defects that callers saw instead of typed errors. */
  readonly defects: ReadonlyArray<string>
  /** The slowest call, and the limit that its caller had set. */
  readonly slowest?: number
  readonly limit?: number
  /**
   * The most by which a caller was released after its limit, without the time in which this process was stalled: no
   * timer can be more exact.
   */
  readonly late?: number
  /** Time after the end of the fault; `undefined` if calls did not succeed again. */
  readonly back?: number | undefined
  readonly acknowledged: number
  readonly lost: number
  /** Reads, during the fault or at the end, that returned a value that must never be read. */
  readonly wrongReads: ReadonlyArray<string>
  /** How long closing a layer took. */
  readonly closing?: number
  readonly connections: number
  readonly timers: number
  /** Temporary files that will never be removed. */
  readonly files?: number
}

export interface Row {
  readonly fault: string
  readonly target: string
  readonly status: "held" | "violated" | "skipped"
  readonly memory?: Memory
  readonly observed?: Observation
  readonly violations: ReadonlyArray<string>
  readonly notes: ReadonlyArray<string>
}

/** How much later than its limit (milliseconds) a caller may be released. */
const tolerance = 10

/** How long closing a layer may take: the connection's `disconnectTimeout` and a margin. */
const closingLimit = 1000

/** The ways in which an observation breaks the expectation. */
export const violations = (seen: Observation, expected: Expectation): ReadonlyArray<string> => {
  const found: Array<string> = []
  const unexpected = Object.keys(seen.failures).filter((tag) => !expected.tags.includes(tag))
  if (unexpected.length > 0) found.push(`callers saw ${unexpected.join(", ")}`)
  if (expected.tags.length > 0 && Object.keys(seen.failures).length === 0) found.push("no caller saw the fault")
  if (seen.defects.length > 0) found.push(`${seen.defects.length} untyped: ${seen.defects[0]}`)
  if ((seen.late ?? 0) > tolerance) found.push(`a caller waited ${Math.round(seen.late!)} ms beyond its limit`)
  if (expected.backWithin !== undefined) {
    if (seen.back === undefined) found.push("service did not come back")
    else if (seen.back > expected.backWithin) found.push(`service was back after ${Math.round(seen.back)} ms only`)
  }
  if (expected.memory === "kept" && seen.lost > 0) found.push(`${seen.lost} acknowledged writes were lost`)
  if (seen.wrongReads.length > 0) found.push(`${seen.wrongReads.length} wrong reads: ${seen.wrongReads[0]}`)
  if ((seen.closing ?? 0) > closingLimit) found.push(`closing a layer took ${Math.round(seen.closing!)} ms`)
  if (seen.connections > 0) found.push(`${seen.connections} connections were left open`)
  if (seen.timers > 0) found.push(`${seen.timers} timers were left over`)
  if ((seen.files ?? 0) > 0) found.push(`${seen.files} temporary files were left over`)
  return found
}

/** The row for an observation. */
export const judged = (
  fault: string,
  target: string,
  expected: Expectation,
  observed: Observation,
  notes: ReadonlyArray<string> = []
): Row => {
  const found = violations(observed, expected)
  return {
    fault,
    target,
    status: found.length === 0 ? "held" : "violated",
    memory: expected.memory,
    observed,
    violations: found,
    notes
  }
}

/** The row for a fault that could not be carried out. */
export const failed = (fault: string, target: string, cause: unknown): Row => ({
  fault,
  target,
  status: "violated",
  violations: [`it could not be carried out: ${cause}`],
  notes: []
})

/** The row for a fault for which this machine lacks a program or a right. */
export const skipped = (fault: string, target: string, reason: string): Row => ({
  fault,
  target,
  status: "skipped",
  violations: [],
  notes: [reason]
})
