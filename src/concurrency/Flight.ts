import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Drops } from "./Drops.ts"
import { wake } from "./wake.ts"

/** The load that a fiber is part of, if any. */
export const CurrentFlight = Context.Reference<Flight<any, any> | undefined>("effect-kv/CurrentFlight", {
  defaultValue: () => undefined
})

/** What is known about a load when it begins. */
export interface Start<A, E> {
  readonly keys: ReadonlyArray<string>
  readonly startedAt: number
  /** The load whose fiber began this one, if any. */
  readonly parent: Flight<any, any> | undefined
  /** The running loads by key that callers may join, including this one. */
  readonly joinable: Map<string, Flight<A, E>>
  /** Counts dropped keys, for a load that is not in the shared map, where `drop` would find it. */
  readonly drops: Drops | undefined
  /** How a key is shown in the defect of a load that waits for itself. */
  readonly describe: (key: string) => string
}

/** A load of one or more keys, for one or more callers. */
export class Flight<A, E> {
  readonly start: Start<A, E>
  /** The index of each key in the result of the load. */
  readonly index: ReadonlyMap<string, number>
  /** How many callers wait for the outcome. */
  callers = 0
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  private readonly dropped = new Set<string>()
  /** How often each key had been dropped when the load began. */
  private readonly dropsBefore: ReadonlyMap<string, number> | undefined
  private exit: Exit.Exit<ReadonlyArray<A>, E> | undefined
  private readonly onExit = new Set<() => void>()
  /** The loads that this one waits for, one for each of its fibers that waits. */
  private readonly waits = new Set<{ readonly on: Flight<any, any> }>()

  constructor(start: Start<A, E>) {
    const { keys, drops } = start
    this.start = start
    this.index = new Map(keys.map((key, i) => [key, i]))
    this.dropsBefore = drops && new Map(keys.map((key) => [key, drops.of(key)]))
    for (const key of keys) start.joinable.set(key, this)
  }

  drop(key: string): void {
    this.dropped.add(key)
  }

  isDropped(key: string): boolean {
    const { drops } = this.start
    return this.dropped.has(key) || (drops !== undefined && drops.of(key) !== this.dropsBefore!.get(key))
  }

  /** Prevents further callers from joining. Another load may already have replaced this one. */
  forget(): void {
    const { joinable } = this.start
    for (const key of this.index.keys()) if (joinable.get(key) === this) joinable.delete(key)
  }

  end(exit: Exit.Exit<ReadonlyArray<A>, E>): void {
    this.exit = exit
    for (const go of this.onExit) go()
    this.onExit.clear()
  }

  /** Waits for the outcome. Dies if the caller is part of a load that this load waits for. */
  get outcome(): Effect.Effect<ReadonlyArray<A>, E> {
    return Effect.withFiber((fiber) => {
      if (this.exit !== undefined) return this.exit
      const waiting = fiber.getRef(CurrentFlight)
      const cycle = waiting && this.pathTo(waiting)
      if (cycle !== undefined) return Effect.die(new Error(describe([waiting!, ...cycle])))
      const wait = { on: this }
      return Effect.callback((resume) => {
        // The load may have ended since the check above.
        if (this.exit !== undefined) return resume(this.exit)
        const go = () => {
          waiting?.waits.delete(wait)
          wake(fiber, resume, this.exit!)
        }
        this.onExit.add(go)
        waiting?.waits.add(wait)
        return Effect.sync(() => {
          this.onExit.delete(go)
          waiting?.waits.delete(wait)
        })
      })
    })
  }

  /** The chain of loads from this one to another, each of which waits for the next. */
  private pathTo(target: Flight<any, any>): ReadonlyArray<Flight<any, any>> | undefined {
    const from = new Map<Flight<any, any>, Flight<any, any> | undefined>([[this, undefined]])
    // Iterating over a Map also visits the entries that are added meanwhile.
    for (const flight of from.keys()) {
      if (flight === target) {
        const path = [flight]
        for (let it = from.get(flight); it !== undefined; it = from.get(it)) path.unshift(it)
        return path
      }
      for (const { on } of flight.waits) if (!from.has(on)) from.set(on, flight)
    }
    return undefined
  }
}

const describe = (cycle: ReadonlyArray<Flight<any, any>>): string => {
  const names = cycle.map(({ index, start }) => [...index.keys()].slice(0, 3).map(start.describe).join(", "))
  return `A load waits for itself: ${names.join(" → ")}. A load must not get its own key, directly or through other loads.`
}
