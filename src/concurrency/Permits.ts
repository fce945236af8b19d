import * as Effect from "effect/Effect"
import { Chain, type Link } from "./Chain.ts"
import { wake } from "./wake.ts"

/**
 * Limits how many effects run at a time. Waiting effects start in the order in which they arrived.
 *
 * Each step takes constant time. Effect's `Semaphore` visits all waiters whenever a permit is released.
 */
export class Permits {
  private free: number
  private readonly queue = new Chain<Turn>()

  constructor(permits: number) {
    this.free = permits
  }

  /** Runs an effect with a permit. An interrupted effect returns its permit, or leaves the queue. */
  withPermit<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      const turn: Turn = { holds: false, link: undefined, go: undefined }
      return Effect.onExit(Effect.andThen(this.take(turn), effect), () => Effect.sync(() => this.leave(turn)))
    })
  }

  private take(turn: Turn): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      if (this.free > 0) {
        this.free--
        turn.holds = true
        return Effect.void
      }
      return Effect.callback((resume) => {
        turn.go = () => wake(fiber, resume, Effect.void)
        turn.link = this.queue.push(turn)
      })
    })
  }

  private leave(turn: Turn): void {
    if (turn.link !== undefined) this.queue.remove(turn.link)
    if (!turn.holds) return
    const next = this.queue.first
    if (next === undefined) {
      this.free++
      return
    }
    this.queue.remove(next)
    next.value.link = undefined
    next.value.holds = true
    next.value.go?.()
  }
}

interface Turn {
  holds: boolean
  /** Its position in the queue, while it waits. */
  link: Link<Turn> | undefined
  go: (() => void) | undefined
}
