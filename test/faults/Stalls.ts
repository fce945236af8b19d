import { performance } from "node:perf_hooks"

/** Milliseconds between two readings of the clock. */
const interval = 5

/** The total time in which this process did not run: its event loop was blocked, or other processes had the CPU. */
export class Stalls {
  private sum = 0
  private looked = performance.now()
  private readonly timer = setInterval(() => {
    this.sum = this.total
    this.looked = performance.now()
  }, interval)

  /** Milliseconds so far. */
  get total(): number {
    return this.sum + Math.max(0, performance.now() - this.looked - interval)
  }

  stop(): void {
    clearInterval(this.timer)
  }
}
