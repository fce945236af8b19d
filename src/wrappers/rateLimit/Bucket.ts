/** A bucket that holds what `burst` calls cost, and earns another call each `period`. Times are milliseconds. */
export class Bucket {
  private readonly period: number
  private readonly burst: number
  /** In the time that it takes to earn it; negative for what was promised to calls that wait. */
  private credit: number
  private at: number | undefined

  constructor(period: number, burst: number) {
    this.period = period
    this.burst = burst
    this.credit = burst * period
  }

  /**
   * Takes what calls cost, and answers how long to wait until it is there; if that is longer than `maxWait`, it takes
   * nothing.
   *
   * What costs more than the bucket holds waits for a full bucket, and those who come later wait for the rest.
   */
  take(cost: number, now: number, maxWait: number): number {
    this.credit = Math.min(this.burst * this.period, this.credit + Math.max(0, now - (this.at ?? now)))
    this.at = now
    const wait = Math.max(0, Math.min(cost, this.burst) * this.period - this.credit)
    if (wait <= maxWait) this.credit -= cost * this.period
    return wait
  }
}
