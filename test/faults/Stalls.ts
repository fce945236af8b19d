import { performance } from "node:perf_hooks"

/** Milliseconds between two reads of the clock. */
const interval = 5

/** How long this process was stalled in total: its event loop was busy, or other processes used the processor. */
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
