/** A call's way through a bulkhead. */
export interface Turn {
  entered: boolean
  /** What happens when a place becomes free for a call that waits. */
  onEnter: () => void
}

/** A number of places, and a queue for them: who came first is next. */
export class Places {
  running = 0
  private readonly queue = new Set<Turn>()
  private readonly maxConcurrent: number
  private readonly maxQueue: number

  constructor(maxConcurrent: number, maxQueue: number) {
    this.maxConcurrent = maxConcurrent
    this.maxQueue = maxQueue
  }

  get waiting(): number {
    return this.queue.size
  }

  /** Takes a place, if there is a free one. There is none while anybody waits. */
  enter(turn: Turn): boolean {
    if (this.running >= this.maxConcurrent) return false
    this.running++
    return (turn.entered = true)
  }

  /** Waits for a place, if there is room to wait. */
  wait(turn: Turn): boolean {
    if (this.queue.size >= this.maxQueue) return false
    this.queue.add(turn)
    return true
  }

  /** Gives the place to whoever waits longest, or gives up waiting. */
  leave(turn: Turn): void {
    if (!turn.entered) {
      this.queue.delete(turn)
      return
    }
    const [next] = this.queue
    if (next === undefined) this.running--
    else {
      this.queue.delete(next)
      next.entered = true
      next.onEnter()
    }
  }
}
