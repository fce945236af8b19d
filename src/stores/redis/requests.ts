import * as Effect from "effect/Effect"
import { Chain } from "../../concurrency/Chain.ts"

/** A caller that waits for a reply, or for a connection. */
export interface Waiter {
  readonly close: () => void
}

/** The callers of one store that wait, and whether new requests may begin. */
export class Requests {
  readonly waiting = new Chain<Waiter>()
  isClosed = false

  /** Fails all waiting callers, and lets no new request begin. */
  readonly close: Effect.Effect<void> = Effect.sync(() => {
    this.isClosed = true
    // Each one removes itself when it is closed.
    for (let link = this.waiting.first; link !== undefined; link = this.waiting.first) link.value.close()
  })

  /** Waits for a promise that never fails, or until this is closed. */
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
