import * as Effect from "effect/Effect"
import { Chain } from "../../concurrency/Chain.ts"

/** A caller that waits for a reply, or for a connection. */
export interface Waiter {
  readonly close: () => void
}

/** The waiting callers of a store. Once it is closed, no new request may start. */
export class Requests {
  readonly waiting = new Chain<Waiter>()
  isClosed = false

  /** Ends all waiting callers, and lets no new request start. */
  readonly close: Effect.Effect<void> = Effect.sync(() => {
    this.isClosed = true
    // Each waiter removes itself from the list when it is closed.
    for (let link = this.waiting.first; link !== undefined; link = this.waiting.first) link.value.close()
  })

  /** Waits until a promise resolves (it must not reject), or until `close` runs. */
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
