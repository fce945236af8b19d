import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

interface Flight<A, E> {
  readonly fiber: Fiber.Fiber<A, E>
  waiters: number
}

/**
 * Lets effects with the same key that run at the same time share one run.
 *
 * The run is on a fiber of its own, with the context of whoever came first. It goes on as long as anybody waits for it,
 * and is interrupted when the last waiter is.
 */
export class SingleFlight<A, E> {
  private readonly flights = new Map<string, Flight<A, E>>()

  run<R>(key: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(this.join(key, effect), (flight) =>
        Effect.onExit(restore(Fiber.join(flight.fiber)), () => this.leave(key, flight))
      )
    )
  }

  private join<R>(key: string, effect: Effect.Effect<A, E, R>): Effect.Effect<Flight<A, E>, never, R> {
    return Effect.suspend(() => {
      const running = this.flights.get(key)
      if (running !== undefined) {
        running.waiters++
        return Effect.succeed(running)
      }
      const run = Effect.ensuring(
        effect,
        Effect.sync(() => this.forget(key, flight))
      )
      let flight: Flight<A, E>
      return Effect.map(Effect.forkDetach(run), (fiber) => {
        flight = { fiber, waiters: 1 }
        this.flights.set(key, flight)
        return flight
      })
    })
  }

  private leave(key: string, flight: Flight<A, E>): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (--flight.waiters > 0) return Effect.void
      this.forget(key, flight)
      return Fiber.interrupt(flight.fiber)
    })
  }

  /** Unless another run has taken its place already. */
  private forget(key: string, flight: Flight<A, E>): void {
    if (this.flights.get(key) === flight) this.flights.delete(key)
  }
}
