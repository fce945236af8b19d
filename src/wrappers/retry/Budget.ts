/** How long a retry that was added to the budget can be used, in milliseconds. */
export const window = 10_000

/**
 * Limits retries to a ratio of the calls, plus a number per second.
 *
 * Each call only increments a counter. The budget is computed when a retry is wanted. Unused retries decay linearly over the
 * window.
 */
export class Budget {
  /** The number of calls since the budget was last computed. */
  calls = 0
  private left: number
  private at: number
  private readonly ratio: number
  private readonly perSecond: number

  constructor(ratio: number, perSecond: number, now: number) {
    this.ratio = ratio
    this.perSecond = perSecond
    this.left = (perSecond * window) / 1000
    this.at = now
  }

  /** Takes one retry, or returns `false` if none is left. `now` is in milliseconds of the monotonic clock. */
  take(now: number): boolean {
    const elapsed = Math.max(0, now - this.at)
    const recent = Math.min(elapsed, window)
    const recentCalls = elapsed > window ? (this.calls * window) / elapsed : this.calls
    this.left = this.left * (1 - recent / window) + this.ratio * recentCalls + (this.perSecond * recent) / 1000
    this.calls = 0
    this.at = now
    if (this.left < 1) return false
    this.left--
    return true
  }
}

export const unlimited: Pick<Budget, "calls" | "take"> = { calls: 0, take: () => true }
