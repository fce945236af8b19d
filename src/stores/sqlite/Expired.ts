import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Statement } from "./database.ts"

/** How many entries are written between two sweeps, so that most writes have no additional cost. */
const writesPerSweep = 64

/** The maximum number of entries that one step removes, so that it does not block the event loop for long. */
const maxRemoved = 1000

/**
 * Removes expired entries after writes. A sweep removes up to twice as many entries as were written since the last
 * sweep, so that expired entries cannot accumulate.
 */
export class Expired {
  private written = 0
  private readonly remove: Statement

  constructor(remove: Statement) {
    this.remove = remove
  }

  /** Never fails: if the database is locked now, a later sweep removes the entries. */
  sweepAfter(count: number, now: number): Effect.Effect<void> {
    this.written += count
    if (this.written < writesPerSweep) return Effect.void
    const limit = 2 * this.written
    this.written = 0
    if (limit > maxRemoved) return this.sweep(limit, now)
    this.removeSome(now, limit)
    return Effect.void
  }

  /** Yields to the event loop between two steps. */
  private sweep(limit: number, now: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      for (let left = limit; left > 0; left -= maxRemoved) {
        if (this.removeSome(now) < maxRemoved) return
        yield* Effect.yieldNow
      }
    })
  }

  /** Removes some entries, and returns how many. Returns 0 if this fails. */
  removeSome(now: number, limit = maxRemoved): number {
    return Result.getOrElse(
      Result.try(() => Number(this.remove.run(now, limit).changes)),
      () => 0
    )
  }
}
