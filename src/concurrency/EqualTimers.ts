import { longestTimer } from "../time/runAfter.ts"
import { Chain, type Link } from "./Chain.ts"

/** A function to be called at a time of the monotonic clock. */
export interface Due {
  readonly at: number
  readonly due: () => void
}

/**
 * Timers of the live clock that are all equally long, so that they are due in the order in which they begin. They share one
 * `setTimeout`, which costs a third of one for each. It belongs to no layer, so that closing one stops no timer.
 */
export class EqualTimers {
  private readonly waiting = new Chain<Due>()
  private handle: NodeJS.Timeout | undefined

  add(timer: Due, millis: number): Link<Due> {
    const link = this.waiting.push(timer)
    if (this.handle === undefined) this.start(millis)
    return link
  }

  remove(link: Link<Due>): void {
    this.waiting.remove(link)
    if (this.waiting.size > 0) return
    clearTimeout(this.handle)
    this.handle = undefined
  }

  private start(millis: number): void {
    this.handle = setTimeout(() => this.run(), Math.min(longestTimer, Math.max(1, Math.ceil(millis))))
  }

  private run(): void {
    this.handle = undefined
    const now = performance.now()
    for (let link = this.waiting.first; link !== undefined && link.value.at <= now; link = this.waiting.first) {
      link.value.due()
    }
    const { first } = this.waiting
    if (first !== undefined && this.handle === undefined) this.start(first.value.at - now)
  }
}
