import type * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import { Chain, type Link } from "../../concurrency/Chain.ts"
import { holdOf } from "../../concurrency/request.ts"
import { now } from "../../time/clock.ts"
import type { Holder } from "../../time/waitAtMost.ts"

/** A number of places, and a queue for them (first in, first out). */
export class Places {
  running = 0
  private readonly queue = new Chain<Turn>()
  /** Calls that hold a place and may never give it back, the oldest first. */
  private readonly leases = new Chain<Turn>()
  private readonly maxConcurrent: number
  private readonly maxQueue: number

  constructor(maxConcurrent: number, maxQueue: number) {
    this.maxConcurrent = maxConcurrent
    this.maxQueue = maxQueue
  }

  get waiting(): number {
    return this.queue.size
  }

  /** Takes a place, if there is a free one. There is none while any call waits. */
  enter(turn: Turn): boolean {
    for (let oldest = this.leases.first; oldest?.value.isOver; oldest = this.leases.first) this.leave(oldest.value)
    if (this.running >= this.maxConcurrent) return false
    this.running++
    this.admit(turn)
    return true
  }

  /** Queues a call for at most so many milliseconds, if the queue has room. */
  wait(turn: Turn, millis: number): boolean {
    this.skipLost()
    if (this.queue.size >= this.maxQueue) return false
    turn.expireAfter(millis)
    turn.link = this.queue.push(turn)
    return true
  }

  /** Hands the call's place to the one that has waited longest; or takes the call out of the queue. */
  leave(turn: Turn): void {
    if (turn.entered) {
      turn.entered = false
      if (turn.link !== undefined) unlink(this.leases, turn)
      const next = this.skipLost()
      if (next === undefined) this.running--
      else {
        this.admit(unlink(this.queue, next))
        next.onEnter()
      }
    } else if (turn.link !== undefined) unlink(this.queue, turn)
  }

  private admit(turn: Turn): void {
    turn.entered = true
    if (turn.expireAfter(turn.lease)) turn.link = this.leases.push(turn)
  }

  /** The call that has waited longest. Drops calls whose request has ended without leaving the queue. */
  private skipLost(): Turn | undefined {
    for (let { first } = this.queue; first !== undefined; first = this.queue.first) {
      if (!first.value.isOver) return first.value
      unlink(this.queue, first.value)
    }
    return undefined
  }
}

const unlink = (chain: Chain<Turn>, turn: Turn): Turn => {
  chain.remove(turn.link!)
  turn.link = undefined
  return turn
}

/** A call in a bulkhead. It keeps its place until all work of the call has ended. */
export class Turn implements Holder {
  entered = false
  /** Its link in the queue, or among the leases. */
  link: Link<Turn> | undefined
  /** How long it may hold its place, in milliseconds. Finite where a request can end without giving its place back. */
  readonly lease: number
  /** Called when a waiting call gets a place. */
  onEnter: () => void = constVoid
  private work = 1
  private expiresAt = Number.POSITIVE_INFINITY
  private readonly places: Places
  private readonly outer: Holder | undefined
  private readonly fiber: Fiber.Fiber<unknown, unknown>

  constructor(places: Places, outer: Holder | undefined, fiber: Fiber.Fiber<unknown, unknown>) {
    this.places = places
    this.outer = outer
    this.lease = holdOf(fiber)
    this.fiber = fiber
  }

  /** Limits how long it may wait or hold its place, where its request may end without a word. Returns whether it does. */
  expireAfter(millis: number): boolean {
    if (this.lease === Number.POSITIVE_INFINITY) return false
    this.expiresAt = now(this.fiber) + millis
    return true
  }

  /** Whether it has waited or held its place for too long. */
  get isOver(): boolean {
    return this.expiresAt !== Number.POSITIVE_INFINITY && now(this.fiber) >= this.expiresAt
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
