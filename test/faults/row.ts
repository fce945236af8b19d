/** What a fault did, and whether that is what it may do. */

/** What becomes of the server's memory in a fault, and so of acknowledged writes. */
export type Memory =
  /** None may be lost. */
  | "kept"
  /** The server itself forgets; how many is told, and not judged. */
  | "lost"
  /** The server acknowledges before its replica has the write: what a failover loses is told, and not judged. */
  | "replicated"

export interface Expectation {
  /** The errors that callers may see. One at least must be seen, or the fault was none; without any, none may be. */
  readonly tags: ReadonlyArray<string>
  readonly memory: Memory
  /** How many milliseconds after the fault's end calls must succeed again. */
  readonly backWithin?: number
}

/** What was seen. Times are milliseconds. */
export interface Observation {
  readonly calls: number
  /** Failed calls by tag. */
  readonly failures: Readonly<Record<string, number>>
  /** What callers saw that was not a typed error. */
  readonly defects: ReadonlyArray<string>
  /** The slowest call, and the limit that its caller had set. */
  readonly slowest?: number
  readonly limit?: number
  /**
   * By how much a caller was released after its limit at most, without the time in which this process stood still: no
   * timer can be more exact.
   */
  readonly late?: number
  /** After the fault's end; `undefined` if service did not come back. */
  readonly back?: number | undefined
  readonly acknowledged: number
  readonly lost: number
  /** Reads, then or at the end, of something that was never to be read. */
  readonly wrongReads: ReadonlyArray<string>
  /** How long closing a layer took. */
  readonly closing?: number
  readonly connections: number
  readonly timers: number
  /** Temporary files that nothing will ever remove. */
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

/** How long closing a layer may take: what the connection's `disconnectTimeout` allows, and some. */
const closingLimit = 1000

/** What is not as it must be. */
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

/** A row for what was seen. */
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

/** A row for a fault that did not come to its end. */
export const failed = (fault: string, target: string, cause: unknown): Row => ({
  fault,
  target,
  status: "violated",
  violations: [`it could not be carried out: ${cause}`],
  notes: []
})

/** A row for a fault that this machine has not what it takes for. */
export const skipped = (fault: string, target: string, reason: string): Row => ({
  fault,
  target,
  status: "skipped",
  violations: [],
  notes: [reason]
})
