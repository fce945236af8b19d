import type { Outcome } from "../../src/KeyValueError.ts"

/** What the value of a key shows about the writes to it. */
export type Finding =
  | "right"
  /** An acknowledged write is gone: the key is missing, or holds an older write. */
  | "lost"
  /** The value is from a write that was reported as not applied. */
  | "not-applied but visible"
  /** The value belongs to another key, or was never written. */
  | "foreign"

interface Written {
  /** The number of the last write, and of the last one that was acknowledged; 0 for none. */
  last: number
  acknowledged: number
  readonly outcomes: Map<number, Outcome>
}

/** A value that contains the number of its write. */
export interface Value {
  readonly key: string
  readonly n: number
  readonly padding: string
}

/** Long enough that a reply can be cut in its middle. */
const padding = "0123456789abcdef".repeat(24)

/** The writes to each key, which has one writer, and the reported outcome of each. */
export class History {
  acknowledged = 0
  private readonly keys = new Map<string, Written>()

  /** The value of the next write to a key. */
  begin(key: string): Value {
    let written = this.keys.get(key)
    if (written === undefined) this.keys.set(key, (written = { last: 0, acknowledged: 0, outcomes: new Map() }))
    return { key, n: ++written.last, padding }
  }

  succeeded({ key, n }: Value): void {
    this.acknowledged++
    this.keys.get(key)!.acknowledged = n
  }

  failed({ key, n }: Value, outcome: Outcome): void {
    this.keys.get(key)!.outcomes.set(n, outcome)
  }

  get written(): ReadonlyArray<string> {
    return [...this.keys.keys()]
  }

  /** The number of the last acknowledged write of a key. */
  acknowledgedOf(key: string): number {
    return this.keys.get(key)?.acknowledged ?? 0
  }

  /** Judges a read by the last write that had been acknowledged when it began. */
  judge(key: string, found: unknown, acknowledged = this.acknowledgedOf(key)): Finding {
    if (found === undefined) return acknowledged === 0 ? "right" : "lost"
    const written = this.keys.get(key)
    if (written === undefined || !isValue(found) || found.key !== key || found.n > written.last) return "foreign"
    if (found.n < acknowledged) return "lost"
    return written.outcomes.get(found.n) === "not-applied" ? "not-applied but visible" : "right"
  }
}

const isValue = (value: unknown): value is Value =>
  typeof value === "object" && value !== null && "n" in value && "padding" in value && value.padding === padding
