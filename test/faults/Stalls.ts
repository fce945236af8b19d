import { performance } from "node:perf_hooks"

/** Milliseconds between two looks at the clock. */
const interval = 5

/** How long this process stood still, in sum: its event loop was busy, or other processes had the processor. */
export class Stalls {
  private sum = 0
  private looked = performance.now()
  private readonly timer = setInterval(() => {
    this.sum = this.total
    this.looked = performance.now()
  }, interval)

  /** Milliseconds up to now. */
  get total(): number {
    return this.sum + Math.max(0, performance.now() - this.looked - interval)
  }

  stop(): void {
    clearInterval(this.timer)
  }
}
