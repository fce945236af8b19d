import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Statement } from "./database.ts"

/** How many entries are written between two sweeps, so that a single write pays next to nothing. */
const writesPerSweep = 64

/** How many entries are removed in one step, so that the event loop is not held up for long. */
const maxRemoved = 1000

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
  sweepAfter(count: number, now: number): Effect.Effect<void> {
    this.written += count
    if (this.written < writesPerSweep) return Effect.void
    const limit = 2 * this.written
    this.written = 0
    if (limit > maxRemoved) return this.sweep(limit, now)
    this.removeSome(now, limit)
    return Effect.void
  }

  /** The event loop goes on between two steps. */
  private sweep(limit: number, now: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      for (let left = limit; left > 0; left -= maxRemoved) {
        if (this.removeSome(now) < maxRemoved) return
        yield* Effect.yieldNow
      }
    })
  }

  /** Removes some. Answers how many; none when it failed. */
  removeSome(now: number, limit = maxRemoved): number {
    return Result.getOrElse(
      Result.try(() => Number(this.remove.run(now, limit).changes)),
      () => 0
    )
  }
}
