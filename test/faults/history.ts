import type { Outcome } from "../../src/KeyValueError.ts"

/** What was found under a key says of the write that it was. */
export type Finding =
  | "right"
  /** An acknowledged write is gone: there is nothing, or an older write. */
  | "lost"
  /** What is there was said not to have been applied. */
  | "not-applied but visible"
  /** It is another key's, or nobody's. */
  | "foreign"

interface Written {
  /** The number of the last write, and of the last one that was acknowledged; 0 for none. */
  last: number
  acknowledged: number
  readonly outcomes: Map<number, Outcome>
}

/** A value that says which write it is. */
export interface Value {
  readonly key: string
  readonly n: number
  readonly padding: string
}

/** So long that a reply can be cut in its middle. */
const padding = "0123456789abcdef".repeat(24)

/** What was written under each key, by one writer a key, and what the writer was told of it. */
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

  /** Judges what was read, given the last write that had been acknowledged when the read began. */
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
