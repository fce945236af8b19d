import * as Effect from "effect/Effect"
import type { Cursor, Removed } from "../driver/Call.ts"

/** How many writes go by before entries are looked at. */
const writesPerStep = 16

/** How many entries are looked at for each write: enough to go round faster than writes can fill. */
const looksPerWrite = 2

/**
 * Removes expired entries that nobody asks for, a few for each write: every 16 writes it goes on where it ended.
 *
 * A step that fails fails nobody's write; the sweep starts again.
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
      const { cursor } = this
      this.cursor = undefined
      return Effect.map(this.step(cursor, size), ({ next }) => {
        this.cursor = next
      }).pipe(Effect.ignore)
    })
  }
}
