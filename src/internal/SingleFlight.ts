import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

interface Flight<A, E> {
  readonly keys: ReadonlyArray<string>
  readonly dropped: Set<string>
  readonly fiber: Fiber.Fiber<ReadonlyArray<A>, E>
  waiters: number
}

/** Loads the values of keys, in their order. `isDropped` tells which of them were dropped meanwhile. */
export type Load<A, E, R> = (
  keys: ReadonlyArray<string>,
  isDropped: (key: string) => boolean
) => Effect.Effect<ReadonlyArray<A>, E, R>

/**
 * Lets loads of the same key that are wanted at the same time share one run.
 *
 * The run is on a fiber of its own, with the context of whoever came first. It goes on as long as anybody waits for it,
 * and is interrupted when the last waiter is.
 */
export class SingleFlight<A, E> {
  private readonly flights = new Map<string, Flight<A, E>>()

  /** The value of one key, from a load that is under way or from this one. */
  run<R>(key: string, load: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.map(
      this.runMany([key], () => Effect.map(load, (value) => [value])),
      ([value]) => value as A
    )
  }

  /**
   * The values of several keys: some from loads that are under way, the others from one load of their own.
   *
   * Whoever comes is counted in the step that finds the loads: between two steps others may run, and a load that nobody
   * is counted for may end or be interrupted.
   */
  runMany<R>(keys: ReadonlyArray<string>, load: Load<A, E, R>): Effect.Effect<ReadonlyArray<A>, E, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.contextWith((context: Context.Context<R>) => {
        const byKey = this.join(keys, load, context)
        const flights = new Set(byKey)
        for (const flight of flights) flight.waiters++
        return restore(Effect.forEach(flights, (flight) => Fiber.join(flight.fiber), { discard: true })).pipe(
          Effect.andThen(() => Effect.forEach(byKey, (flight, i) => valueIn(flight, keys[i] as string))),
          Effect.ensuring(Effect.forEach(flights, (flight) => this.leave(flight), { discard: true }))
        )
      })
    )
  }

  /** Whether a load of the key is under way. */
  has(key: string): boolean {
    return this.flights.has(key)
  }

  /** Keeps whoever comes from now on from sharing the load of a key that is under way, and tells that load. */
  drop(key: string): void {
    const flight = this.flights.get(key)
    flight?.dropped.add(key)
    this.flights.delete(key)
  }

  /** Drops every key. */
  dropAll(): void {
    for (const key of [...this.flights.keys()]) this.drop(key)
  }

  private join<R>(
    keys: ReadonlyArray<string>,
    load: Load<A, E, R>,
    context: Context.Context<R>
  ): ReadonlyArray<Flight<A, E>> {
    const own = [...new Set(keys.filter((key) => !this.flights.has(key)))]
    if (own.length > 0) this.depart(own, load, context)
    return keys.map((key) => this.flights.get(key) as Flight<A, E>)
  }

  private depart<R>(keys: ReadonlyArray<string>, load: Load<A, E, R>, context: Context.Context<R>): void {
    const dropped = new Set<string>()
    const run = Effect.andThen(
      Effect.yieldNow,
      Effect.suspend(() => load(keys, (key) => dropped.has(key)))
    )
    const arriving = Effect.ensuring(
      run,
      Effect.sync(() => this.arrive(flight))
    )
    const flight: Flight<A, E> = { keys, dropped, fiber: Effect.runForkWith(context)(arriving), waiters: 0 }
    for (const key of keys) this.flights.set(key, flight)
  }

  private leave(flight: Flight<A, E>): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (--flight.waiters > 0) return Effect.void
      this.arrive(flight)
      return Fiber.interrupt(flight.fiber)
    })
  }

  /** Unless another flight has taken its place already. */
  private arrive(flight: Flight<A, E>): void {
    for (const key of flight.keys) if (this.flights.get(key) === flight) this.flights.delete(key)
  }
}

const valueIn = <A, E>(flight: Flight<A, E>, key: string): Effect.Effect<A, E> =>
  Effect.map(Fiber.join(flight.fiber), (values) => values[flight.keys.indexOf(key)] as A)
