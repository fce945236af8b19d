import * as Effect from "effect/Effect"
import type { Cursor, Removed } from "../../driver/Call.ts"

/** The number of writes between two steps. */
const writesPerStep = 16

/** How many entries are checked per write. With more than one, a sweep is faster than writes that add entries. */
const checkedPerWrite = 2

/** How many entries are checked when the store is full: per step, and in total. */
const checkedPerStep = 256
const checkedWhenFull = 10_000

/**
 * Removes expired entries that are never read again. Every 16 writes, it checks the next few entries.
 *
 * If a step fails, the write still succeeds, and the sweep starts again from the first entry.
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
      const size = this.writes * checkedPerWrite
      this.writes = 0
      return Effect.ignore(this.checkNext(size))
    })
  }

  /**
   * Runs a write. If the store is full, removes expired entries and runs the write once more. Checks at most 10,000
   * entries. The next write that finds the store full continues from there.
   */
  makingRoom<A, E2, R>(write: Effect.Effect<A, E2, R>, isFull: (error: E2) => boolean): Effect.Effect<A, E2, R> {
    return Effect.catchIf(write, isFull, () => Effect.andThen(Effect.ignore(this.checkAll), write))
  }

  /** Checks all entries once, but not more than {@link checkedWhenFull}. */
  private get checkAll(): Effect.Effect<void, E> {
    return Effect.gen({ self: this }, function* () {
      let isLastPass = this.cursor === undefined
      for (let checked = 0; checked < checkedWhenFull; checked += checkedPerStep) {
        yield* this.checkNext(checkedPerStep)
        if (this.cursor !== undefined) continue
        if (isLastPass) return
        isLastPass = true
      }
    })
  }

  private checkNext(size: number): Effect.Effect<void, E> {
    return Effect.suspend(() => {
      const { cursor } = this
      this.cursor = undefined
      return Effect.map(this.step(cursor, size), ({ next }) => {
        this.cursor = next
      })
    })
  }
}
