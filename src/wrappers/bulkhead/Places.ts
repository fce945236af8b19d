import type * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import { Chain, type Link } from "../../internal/Chain.ts"
import type { Holder } from "../../internal/release.ts"

/** A number of places, and a queue for them: who came first is next. */
export class Places {
  running = 0
  private readonly queue = new Chain<Turn>()
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
    turn.link = this.queue.push(turn)
    return true
  }

  /** Gives the place to whoever waits longest, or gives up waiting. */
  leave(turn: Turn): void {
    if (turn.entered) {
      const { first } = this.queue
      if (first === undefined) this.running--
      else this.dequeue(first.value).begin()
    } else if (turn.link !== undefined) this.dequeue(turn)
  }

  private dequeue(turn: Turn): Turn {
    this.queue.remove(turn.link!)
    turn.link = undefined
    return turn
  }
}

/** A call's way through a bulkhead. It keeps its place until all the work of the call has ended. */
export class Turn implements Holder {
  entered = false
  link: Link<Turn> | undefined
  /** What happens when a place becomes free for a call that waits. */
  onEnter: () => void = constVoid
  private work = 1
  private readonly places: Places
  private readonly outer: Holder | undefined

  constructor(places: Places, outer: Holder | undefined) {
    this.places = places
    this.outer = outer
  }

  begin(): void {
    this.entered = true
    this.onEnter()
  }

  hold(work: Fiber.Fiber<unknown, unknown>): void {
    this.work++
    work.addObserver(() => this.end())
    this.outer?.hold(work)
  }

  end(): void {
    if (--this.work === 0) this.places.leave(this)
  }
}
