import * as Effect from "effect/Effect"
import { Chain } from "../../concurrency/Chain.ts"

/** Whoever waits for something that comes over a connection. */
export interface Waiter {
  readonly close: () => void
}

/** The requests of one store: who waits for a reply, and whether others may begin. */
export class Requests {
  readonly waiting = new Chain<Waiter>()
  isClosed = false

  /** Fails all requests that are under way, and lets no other begin. */
  readonly close: Effect.Effect<void> = Effect.sync(() => {
    this.isClosed = true
    // Each leaves when it is closed.
    for (let link = this.waiting.first; link !== undefined; link = this.waiting.first) link.value.close()
  })

  /** Waits for what does not fail, or until this is closed. */
  until(promise: () => Promise<void>): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (this.isClosed) return resume(Effect.void)
      let isWaiting = true
      const end = () => {
        if (!isWaiting) return
        isWaiting = false
        this.waiting.remove(link)
        resume(Effect.void)
      }
      const link = this.waiting.push({ close: end })
      promise().then(end)
      return Effect.sync(end)
    })
  }
}
