import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { unhurried } from "./budget.ts"
import { now } from "./clock.ts"
import { CurrentFlight, Flight } from "./Flight.ts"

/** Loads the values of keys, in their order. `isDropped` tells which of them were dropped meanwhile. */
export type Load<A, E, R> = (
  keys: ReadonlyArray<string>,
  isDropped: (key: string) => boolean
) => Effect.Effect<ReadonlyArray<A>, E, R>

/**
 * Lets loads of the same key that are wanted at the same time share one run.
 *
 * The run is on a fiber of its own, with the services of whoever came first but not with that caller's budget of time. It
 * goes on as long as anybody waits for it, and is interrupted when the last waiter is.
 */
export class SingleFlight<A, E> {
  private readonly flights = new Map<string, Flight<A, E>>()
  private readonly maxAge: number

  /** Nobody joins a load that began more than `maxAge` milliseconds ago. */
  constructor(maxAge = Number.POSITIVE_INFINITY) {
    this.maxAge = maxAge
  }

  /** The value of one key, from a load that is under way or from this one. */
  run<R>(key: string, load: (isDropped: () => boolean) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.map(
      this.runMany([key], (_, isDropped) =>
        Effect.map(
          load(() => isDropped(key)),
          (value) => [value]
        )
      ),
      ([value]) => value as A
    )
  }

  /** The values of several keys: some from loads that are under way, the others from one load of their own. */
  runMany<R>(keys: ReadonlyArray<string>, load: Load<A, E, R>): Effect.Effect<ReadonlyArray<A>, E, R> {
    return Effect.suspend(() => {
      let joined = new Set<Flight<A, E>>()
      // Whoever comes is counted in the step that finds the loads, inside of what takes the count back.
      const entered = Effect.withFiber((fiber) => {
        const { byKey, own } = this.join(keys, now(fiber))
        joined = new Set(byKey)
        for (const flight of joined) flight.interest++
        if (own !== undefined) this.start(own, load, fiber)
        return Effect.map(
          Effect.forEach(joined, (flight) => Effect.map(flight.outcome, (values) => [flight, values] as const)),
          (outcomes) => pick(keys, byKey, new Map(outcomes))
        )
      })
      return Effect.onExitPrimitive(entered, () => this.leave(joined))
    })
  }

  /** Whether no load is under way. */
  get isIdle(): boolean {
    return this.flights.size === 0
  }

  /** Whether a load of the key is under way that whoever comes at a time may join. */
  has(key: string, at = Number.NEGATIVE_INFINITY): boolean {
    const flight = this.flights.get(key)
    return flight !== undefined && !this.isTooOld(flight, at)
  }

  /** Keeps whoever comes from now on from joining the load of a key that is under way, and tells that load. */
  drop(key: string): void {
    const flight = this.flights.get(key)
    flight?.dropped.add(key)
    this.flights.delete(key)
  }

  /** Drops every key. */
  dropAll(): void {
    for (const key of [...this.flights.keys()]) this.drop(key)
  }

  /** The load to wait for, for each key; `own` is a new one for the keys that are not being loaded. */
  private join(keys: ReadonlyArray<string>, at: number): { byKey: ReadonlyArray<Flight<A, E>>; own?: Flight<A, E> } {
    const index = new Map<string, number>()
    for (const key of keys) {
      const flight = this.flights.get(key)
      if (flight === undefined || this.isTooOld(flight, at)) index.set(key, index.get(key) ?? index.size)
    }
    if (index.size === 0) return { byKey: keys.map((key) => this.flights.get(key)!) }
    const own = new Flight<A, E>(index, at)
    for (const key of index.keys()) {
      this.drop(key)
      this.flights.set(key, own)
    }
    return { byKey: keys.map((key) => this.flights.get(key)!), own }
  }

  private isTooOld({ startedAt }: Flight<A, E>, at: number): boolean {
    return at - startedAt > this.maxAge
  }

  private start<R>(flight: Flight<A, E>, load: Load<A, E, R>, caller: Fiber.Fiber<unknown, unknown>): void {
    const run = Effect.suspend(() => load([...flight.index.keys()], (key) => flight.dropped.has(key)))
    const isNested = caller.getRef(CurrentFlight) !== undefined
    const work = Effect.onExitPrimitive(
      // Loads that begin loads do not begin them within each other, until the stack overflows.
      isNested ? Effect.andThen(Effect.yieldNow, run) : run,
      (exit) => {
        this.forget(flight)
        flight.end(exit)
        return undefined
      }
    ).pipe(unhurried, Effect.provideService(CurrentFlight, flight))
    flight.fiber = Effect.runForkWith(caller.context)(work as Effect.Effect<ReadonlyArray<A>, E>)
  }

  /** Ends the loads that nobody waits for any longer. */
  private leave(joined: ReadonlySet<Flight<A, E>>): Effect.Effect<void> | undefined {
    let ended: Effect.Effect<void> | undefined
    for (const flight of joined) {
      if (--flight.interest > 0 || flight.fiber?.pollUnsafe() !== undefined) continue
      this.forget(flight)
      const end = Effect.suspend(() => Fiber.interrupt(flight.fiber!))
      ended = ended === undefined ? end : Effect.andThen(ended, end)
    }
    return ended
  }

  /** Another load may have taken its place already. */
  private forget(flight: Flight<A, E>): void {
    for (const key of flight.index.keys()) if (this.flights.get(key) === flight) this.flights.delete(key)
  }
}

const pick = <A, E>(
  keys: ReadonlyArray<string>,
  byKey: ReadonlyArray<Flight<A, E>>,
  joined: ReadonlyMap<Flight<A, E>, ReadonlyArray<A>>
): ReadonlyArray<A> => keys.map((key, i) => joined.get(byKey[i]!)![byKey[i]!.index.get(key)!] as A)
