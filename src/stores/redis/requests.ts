import * as Effect from "effect/Effect"

/** Whoever waits for something that comes over a connection. */
export interface Waiter {
  readonly close: () => void
}

/** The requests of one store: who waits for a reply, and whether others may begin. */
export class Requests {
  readonly waiting = new Set<Waiter>()
  isClosed = false

  /** Fails all requests that are under way, and lets no other begin. */
  readonly close: Effect.Effect<void> = Effect.sync(() => {
    this.isClosed = true
    for (const waiter of this.waiting) waiter.close()
  })

  /** Waits for what does not fail, or until this is closed. */
  until(promise: () => Promise<void>): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const end = () => {
        this.waiting.delete(waiter)
        resume(Effect.void)
      }
      const waiter = { close: end }
      if (this.isClosed) return end()
      this.waiting.add(waiter)
      promise().then(end)
      return Effect.sync(end)
    })
  }
}
