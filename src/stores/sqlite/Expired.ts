import * as Result from "effect/Result"
import type { Statement } from "./database.ts"

/** How many entries are written between two sweeps, so that a single write pays next to nothing. */
const writesPerSweep = 64

/**
 * Frees expired entries as others are written: twice as many as were written since the last sweep, so that they go
 * faster than they can come.
 */
export class Expired {
  private written = 0
  private readonly remove: Statement

  constructor(remove: Statement) {
    this.remove = remove
  }

  /** Never fails: an entry that is in the way of a lock now is removed by another sweep. */
  sweepAfter(count: number, now: number): void {
    this.written += count
    if (this.written < writesPerSweep) return
    const limit = 2 * this.written
    this.written = 0
    Result.try(() => this.remove.run(now, limit))
  }
}
