import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { withoutBudget } from "../time/budget.ts"
import { now } from "../time/clock.ts"
import { Drops } from "./Drops.ts"
import { CurrentFlight, Flight } from "./Flight.ts"
import { CurrentRequest, type Request } from "./request.ts"

/** Loads the values of keys, in their order. `isDropped` returns `true` if a key was dropped since the load began. */
export type Load<A, E, R> = (
  keys: ReadonlyArray<string>,
  isDropped: (key: string) => boolean
) => Effect.Effect<ReadonlyArray<A>, E, R>

/**
 * Lets concurrent callers share one load of a key.
 *
 * The load runs on a fiber of its own, with the services of the first caller but without that caller's deadline. It is
 * interrupted when all its callers have been interrupted.
 *
 * On Cloudflare Workers, where requests share nothing, only callers of the same known request share a load.
 */
export class SingleFlight<A, E> {
  private readonly flights: Flights<A, E> = new Map()
  /** The loads of requests that share nothing with other requests. They are garbage-collected with their request. */
  private readonly ofRequests = new WeakMap<Request, Flights<A, E>>()
  private drops: Drops | undefined
  private readonly maxAge: number
  private readonly describe: (key: string) => string

  /**
   * - `maxAge`: maximum age of a load that callers may join, in milliseconds. Default: no limit.
   * - `describe`: how error messages show a key. Default: as JSON.
   */
  constructor(options: { readonly maxAge?: number; readonly describe?: (key: string) => string } = {}) {
    this.maxAge = options.maxAge ?? Number.POSITIVE_INFINITY
    this.describe = options.describe ?? JSON.stringify
  }

  /** Returns the value of a key. Joins a running load, or starts this one. */
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

  /** Returns the values of keys. Joins running loads, and starts one new load for the remaining keys. */
  runMany<R>(keys: ReadonlyArray<string>, load: Load<A, E, R>): Effect.Effect<ReadonlyArray<A>, E, R> {
    return Effect.suspend(() => {
      let joined = new Set<Flight<A, E>>()
      // Callers are counted inside `onExit`. Otherwise, an interruption before `onExit` would leave a load running.
      const entered = Effect.withFiber((fiber) => {
        const { byKey, own } = this.join(keys, this.joinableBy(fiber, keys), fiber)
        joined = new Set(byKey)
        for (const flight of joined) flight.callers++
        if (own !== undefined) this.start(own, load, fiber)
        return Effect.map(
          Effect.forEach(joined, (flight) => Effect.map(flight.outcome, (values) => [flight, values] as const)),
          (outcomes) => pick(keys, byKey, new Map(outcomes))
        )
      })
      return Effect.onExitPrimitive(entered, () => this.leave(joined))
    })
  }

  /** Whether no load is running. */
  get isIdle(): boolean {
    return this.flights.size === 0 && this.drops === undefined
  }

  /** Whether a caller that arrives at the time `at` can join a running load of the key. */
  has(key: string, at = Number.NEGATIVE_INFINITY): boolean {
    const flight = this.flights.get(key)
    return flight !== undefined && !this.isTooOld(flight, at)
  }

  /** Prevents further callers from joining the running load of a key. The load sees that the key was dropped. */
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

  /** The loads that a fiber may join. Includes the loads that it is part of, so that a load that waits for itself dies. */
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
    for (let flight = fiber.getRef(CurrentFlight); flight !== undefined; flight = flight.start.parent) {
      if (flight.start.drops !== this.drops) continue
      for (const key of keys) if (flight.index.has(key) && !outer.has(key)) outer.set(key, flight)
    }
    return outer
  }

  /** Finds the load of each key. `own` is a new load for the keys that have none. */
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

  private isTooOld({ start }: Flight<A, E>, at: number): boolean {
    return at - start.startedAt > this.maxAge
  }

  private start<R>(flight: Flight<A, E>, load: Load<A, E, R>, caller: Fiber.Fiber<unknown, unknown>): void {
    const run = Effect.suspend(() => load(flight.start.keys, (key) => flight.isDropped(key)))
    const work = Effect.onExitPrimitive(
      // Yields first, so that concurrent callers can join even a synchronous load, and so that nested loads do not overflow
      // the stack.
      Effect.andThen(Effect.yieldNow, run),
      (exit) => {
        flight.forget()
        flight.end(exit)
        return undefined
      }
    ).pipe(withoutBudget, Effect.provideService(CurrentFlight, flight))
    flight.fiber = Effect.runForkWith(caller.context)(work as Effect.Effect<ReadonlyArray<A>, E>)
  }

  /** Interrupts the loads that have no caller left. */
  private leave(joined: ReadonlySet<Flight<A, E>>): Effect.Effect<void> | undefined {
    let ended: Effect.Effect<void> | undefined
    for (const flight of joined) {
      if (--flight.callers > 0 || flight.fiber?.pollUnsafe() !== undefined) continue
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
