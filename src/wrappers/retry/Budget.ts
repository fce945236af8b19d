/** How long what was earned can be spent, in milliseconds. */
const window = 10_000

/**
 * How many retries there are: a part of the calls, and a few in each second.
 *
 * A call costs one addition. What calls and time have earned is reckoned up when a retry is wanted; what was left before
 * fades away over the window.
 */
export class Budget {
  /** How many calls there were since `at`. */
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

  /** Takes one retry at a time (in milliseconds of the monotonic clock), if there is one. */
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
