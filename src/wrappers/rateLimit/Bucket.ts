/** A token bucket that holds up to `burst` tokens and gains one per `period`. Times are in milliseconds. */
export class Bucket {
  private readonly period: number
  private readonly burst: number
  /** The tokens, as the time that the bucket takes to gain them. Negative while calls wait for tokens that they took. */
  private credit: number
  private at: number | undefined

  constructor(period: number, burst: number) {
    this.period = period
    this.burst = burst
    this.credit = burst * period
  }

  /**
   * Takes `cost` tokens, and returns how long to wait until the bucket has gained them. If that is longer than `maxWait`,
   * takes no tokens.
   *
   * A call that costs more than `burst` waits only until the bucket is full, and later calls wait for the remaining tokens.
   */
  take(cost: number, now: number, maxWait: number): number {
    this.credit = Math.min(this.burst * this.period, this.credit + Math.max(0, now - (this.at ?? now)))
    this.at = now
    const wait = Math.max(0, Math.min(cost, this.burst) * this.period - this.credit)
    if (wait <= maxWait) this.credit -= cost * this.period
    return wait
  }
}
