/** A token bucket: holds `burst` tokens, and gains one each `period`. Times are milliseconds. */
export class Bucket {
  private readonly period: number
  private readonly burst: number
  /** The tokens, as the time that it takes to gain them. Negative when waiting calls have spent future tokens. */
  private credit: number
  private at: number | undefined

  constructor(period: number, burst: number) {
    this.period = period
    this.burst = burst
    this.credit = burst * period
  }

  /**
   * Takes `cost` tokens, and returns how long to wait until the bucket has gained them. Takes none if that is longer than
   * `maxWait`.
   *
   * A call that costs more than the bucket holds waits for a full bucket only, and later calls wait for the rest.
   */
  take(cost: number, now: number, maxWait: number): number {
    this.credit = Math.min(this.burst * this.period, this.credit + Math.max(0, now - (this.at ?? now)))
    this.at = now
    const wait = Math.max(0, Math.min(cost, this.burst) * this.period - this.credit)
    if (wait <= maxWait) this.credit -= cost * this.period
    return wait
  }
}
