/** Counts failures, and decides when the circuit opens. */
export interface Outcomes {
  /** Returns `true` if the circuit must open. */
  readonly add: (failed: boolean) => boolean
  readonly clear: () => void
}

/** Opens the circuit after `limit` consecutive failures. */
export class Consecutive implements Outcomes {
  private failures = 0
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(failed: boolean): boolean {
    this.failures = failed ? this.failures + 1 : 0
    return this.failures >= this.limit
  }

  clear(): void {
    this.failures = 0
  }
}

/** Opens the circuit if at least `rate` of the last `window` calls failed, after at least `minCalls`. */
export class Rate implements Outcomes {
  /** A ring buffer: 1 for a failure. */
  private readonly last: Uint8Array
  private next = 0
  private count = 0
  private failures = 0
  private readonly rate: number
  private readonly minCalls: number

  constructor(rate: number, minCalls: number, window: number) {
    this.rate = rate
    this.minCalls = minCalls
    this.last = new Uint8Array(window)
  }

  add(failed: boolean): boolean {
    const outcome = failed ? 1 : 0
    this.failures += outcome - this.last[this.next]!
    this.last[this.next] = outcome
    this.next = (this.next + 1) % this.last.length
    if (this.count < this.last.length) this.count++
    return failed && this.count >= this.minCalls && this.failures >= this.rate * this.count
  }

  clear(): void {
    this.last.fill(0)
    this.next = this.count = this.failures = 0
  }
}
