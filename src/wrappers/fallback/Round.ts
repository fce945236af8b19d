import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

/** After so many failures in a row, the other keys are left for the next round. */
const maxInARow = 16

/** How the replays of one round ended. */
export class Round {
  private answers = 0
  private failuresInARow = 0
  private outagesInARow = 0
  private hasReported = false

  /** Whether no more keys are to be tried. */
  get isOver(): boolean {
    return this.failuresInARow >= maxInARow
  }

  /** Whether the replays of this round show an outage. One key that fails among others that do not is none. */
  get showsOutage(): boolean {
    return this.outagesInARow > 0 && (this.answers === 0 || this.isOver)
  }

  answered(): void {
    this.answers++
    this.failuresInARow = this.outagesInARow = 0
  }

  failed(isOutage: boolean): void {
    this.failuresInARow++
    if (isOutage) this.outagesInARow++
  }

  /** Logs a defect, which no caller sees, once in a round. */
  report(cause: Cause.Cause<unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.hasReported) return Effect.void
      this.hasReported = true
      return Effect.logError("the replay of a journal met a defect, and will be tried again", cause)
    })
  }
}
