import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { unhurried } from "../time/budget.ts"
import { now } from "../time/clock.ts"
import { Drops } from "./Drops.ts"
import { CurrentFlight, Flight } from "./Flight.ts"
import { CurrentRequest, type Request } from "./request.ts"

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
 *
 * Where requests share nothing, a run is shared within a request that is known, and not at all in one that is unknown.
 */
export class SingleFlight<A, E> {
  private readonly flights: Flights<A, E> = new Map()
  /** The runs of requests that share nothing with others. None is kept that its request does not keep itself. */
  private readonly ofRequests = new WeakMap<Request, Flights<A, E>>()
  private drops: Drops | undefined
  private readonly maxAge: number
  private readonly describe: (key: string) => string

  /**
   * Nobody joins a load that began more than `maxAge` milliseconds ago. `describe` writes a key as people read it.
   * Default: at any age, and as JSON.
   */
  constructor(options: { readonly maxAge?: number; readonly describe?: (key: string) => string } = {}) {
    this.maxAge = options.maxAge ?? Number.POSITIVE_INFINITY
    this.describe = options.describe ?? JSON.stringify
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
        const { byKey, own } = this.join(keys, this.joinableBy(fiber, keys), fiber)
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
    return this.flights.size === 0 && this.drops === undefined
  }

  /** Whether a load of the key is under way that whoever comes at a time may join. */
  has(key: string, at = Number.NEGATIVE_INFINITY): boolean {
    const flight = this.flights.get(key)
    return flight !== undefined && !this.isTooOld(flight, at)
  }

  /** Keeps whoever comes from now on from joining the load of a key that is under way, and tells that load. */
  drop(key: string): void {
    this.flights.get(key)?.drop(key)
    this.flights.delete(key)
    this.drops?.add(key)
  }

  /** Drops every key. */
  dropAll(): void {
    for (const key of [...this.flights.keys()]) this.drop(key)
    this.drops?.addAll()
  }

  /** The loads that a fiber may join. Those that it works for are always among them, so that a circle is found. */
  private joinableBy(fiber: Fiber.Fiber<unknown, unknown>, keys: ReadonlyArray<string>): Flights<A, E> {
    const request = fiber.getRef(CurrentRequest)
    if (request === "shared") return this.flights
    this.drops ??= new Drops()
    if (request === "unknown") return this.outerLoads(fiber, keys)
    const known = this.ofRequests.get(request)
    if (known !== undefined) return known
    const flights: Flights<A, E> = new Map()
    this.ofRequests.set(request, flights)
    return flights
  }

  private outerLoads(fiber: Fiber.Fiber<unknown, unknown>, keys: ReadonlyArray<string>): Flights<A, E> {
    const outer: Flights<A, E> = new Map()
    for (let flight = fiber.getRef(CurrentFlight); flight !== undefined; flight = flight.begun.parent) {
      if (flight.begun.drops !== this.drops) continue
      for (const key of keys) if (flight.index.has(key) && !outer.has(key)) outer.set(key, flight)
    }
    return outer
  }

  /** The load to wait for, for each key; `own` is a new one for the keys that are not being loaded. */
  private join(
    keys: ReadonlyArray<string>,
    joinable: Flights<A, E>,
    caller: Fiber.Fiber<unknown, unknown>
  ): { byKey: ReadonlyArray<Flight<A, E>>; own?: Flight<A, E> } {
    const startedAt = now(caller)
    const missing = new Set<string>()
    for (const key of keys) {
      const flight = joinable.get(key)
      if (flight !== undefined && !this.isTooOld(flight, startedAt) && !flight.isDropped(key)) continue
      flight?.drop(key)
      missing.add(key)
    }
    const find = () => keys.map((key) => joinable.get(key)!)
    if (missing.size === 0) return { byKey: find() }
    const drops = joinable === this.flights ? undefined : this.drops
    const own = new Flight<A, E>({
      keys: [...missing],
      startedAt,
      parent: caller.getRef(CurrentFlight),
      joinable,
      drops,
      describe: this.describe
    })
    return { byKey: find(), own }
  }

  private isTooOld({ begun }: Flight<A, E>, at: number): boolean {
    return at - begun.startedAt > this.maxAge
  }

  private start<R>(flight: Flight<A, E>, load: Load<A, E, R>, caller: Fiber.Fiber<unknown, unknown>): void {
    const run = Effect.suspend(() => load(flight.begun.keys, (key) => flight.isDropped(key)))
    const work = Effect.onExitPrimitive(
      // All that want the key in this turn join, also when the load waits for nothing; and loads that begin loads do not
      // begin them within each other, until the stack overflows.
      Effect.andThen(Effect.yieldNow, run),
      (exit) => {
        flight.forget()
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
      flight.forget()
      const end = Effect.suspend(() => Fiber.interrupt(flight.fiber!))
      ended = ended === undefined ? end : Effect.andThen(ended, end)
    }
    return ended
  }
}

type Flights<A, E> = Map<string, Flight<A, E>>

const pick = <A, E>(
  keys: ReadonlyArray<string>,
  byKey: ReadonlyArray<Flight<A, E>>,
  joined: ReadonlyMap<Flight<A, E>, ReadonlyArray<A>>
): ReadonlyArray<A> => keys.map((key, i) => joined.get(byKey[i]!)![byKey[i]!.index.get(key)!] as A)
