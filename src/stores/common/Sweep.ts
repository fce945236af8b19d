import * as Effect from "effect/Effect"
import type { Cursor, Removed } from "../../driver/Call.ts"

/** How many writes there are between two steps. */
const writesPerStep = 16

/** How many entries are looked at for each write: enough to go round faster than writes add entries. */
const looksPerWrite = 2

/** How many entries are looked at when the store is full: in steps, and altogether. */
const looksPerStep = 256
const looksWhenFull = 10_000

/**
 * Removes expired entries that are never read again: every 16 writes it looks at the next few entries.
 *
 * A step that fails does not fail the write; the sweep starts again.
 */
export class Sweep<E> {
  private writes = 0
  private cursor: Cursor
  private readonly step: (cursor: Cursor, size: number) => Effect.Effect<Removed, E>

  constructor(step: (cursor: Cursor, size: number) => Effect.Effect<Removed, E>) {
    this.step = step
  }

  after(writes: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.writes += writes
      if (this.writes < writesPerStep) return Effect.void
      const size = this.writes * looksPerWrite
      this.writes = 0
      return Effect.ignore(this.goOn(size))
    })
  }

  /**
   * Runs a write. If the store is full, it removes expired entries and runs the write once more. It looks at 10,000
   * entries at most; the next write that finds the store full goes on from there.
   */
  makingRoom<A, E2, R>(write: Effect.Effect<A, E2, R>, isFull: (error: E2) => boolean): Effect.Effect<A, E2, R> {
    return Effect.catchIf(write, isFull, () => Effect.andThen(Effect.ignore(this.once), write))
  }

  /** Goes round all entries once, or as far as is allowed. */
  private get once(): Effect.Effect<void, E> {
    return Effect.gen({ self: this }, function* () {
      let isLastRound = this.cursor === undefined
      for (let looks = 0; looks < looksWhenFull; looks += looksPerStep) {
        yield* this.goOn(looksPerStep)
        if (this.cursor !== undefined) continue
        if (isLastRound) return
        isLastRound = true
      }
    })
  }

  private goOn(size: number): Effect.Effect<void, E> {
    return Effect.suspend(() => {
      const { cursor } = this
      this.cursor = undefined
      return Effect.map(this.step(cursor, size), ({ next }) => {
        this.cursor = next
      })
    })
  }
}
