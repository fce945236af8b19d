import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Drops } from "./Drops.ts"
import { wake } from "./wake.ts"

/** The load that a fiber works for, if it does. */
export const CurrentFlight = Context.Reference<Flight<any, any> | undefined>("effect-kv/CurrentFlight", {
  defaultValue: () => undefined
})

/** What is known of a load when it begins. */
export interface Start<A, E> {
  readonly keys: ReadonlyArray<string>
  readonly startedAt: number
  /** The load that this one was begun by, if it was. */
  readonly parent: Flight<any, any> | undefined
  /** Where it is found by those who may join it. */
  readonly joinable: Map<string, Flight<A, E>>
  /** Tells it what was dropped, when it is not found by those who drop it. */
  readonly drops: Drops | undefined
  /** Writes a key as people read it, for the defect of a load that waits for itself. */
  readonly describe: (key: string) => string
}

/** A load of some keys, which several callers may wait for. */
export class Flight<A, E> {
  readonly begun: Start<A, E>
  /** Where the value of each key is in what the load gives. */
  readonly index: ReadonlyMap<string, number>
  /** How many callers want the outcome. */
  interest = 0
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  private readonly dropped = new Set<string>()
  /** How often each key had been dropped when the load began. */
  private readonly dropsBefore: ReadonlyMap<string, number> | undefined
  private exit: Exit.Exit<ReadonlyArray<A>, E> | undefined
  private readonly onExit = new Set<() => void>()
  /** The loads that this one waits for, once for each of its fibers that does. */
  private readonly waits = new Set<{ readonly on: Flight<any, any> }>()

  constructor(begun: Start<A, E>) {
    const { keys, drops } = begun
    this.begun = begun
    this.index = new Map(keys.map((key, i) => [key, i]))
    this.dropsBefore = drops && new Map(keys.map((key) => [key, drops.of(key)]))
    for (const key of keys) begun.joinable.set(key, this)
  }

  drop(key: string): void {
    this.dropped.add(key)
  }

  isDropped(key: string): boolean {
    const { drops } = this.begun
    return this.dropped.has(key) || (drops !== undefined && drops.of(key) !== this.dropsBefore!.get(key))
  }

  /** Keeps others from joining it. Another load may have taken its place already. */
  forget(): void {
    const { joinable } = this.begun
    for (const key of this.index.keys()) if (joinable.get(key) === this) joinable.delete(key)
  }

  end(exit: Exit.Exit<ReadonlyArray<A>, E>): void {
    this.exit = exit
    for (const go of this.onExit) go()
    this.onExit.clear()
  }

  /** The outcome. It is a defect if the waiting fiber works for a load that this one waits for itself. */
  get outcome(): Effect.Effect<ReadonlyArray<A>, E> {
    return Effect.withFiber((fiber) => {
      if (this.exit !== undefined) return this.exit
      const waiting = fiber.getRef(CurrentFlight)
      const circle = waiting && this.pathTo(waiting)
      if (circle !== undefined) return Effect.die(new Error(describe([waiting!, ...circle])))
      const wait = { on: this }
      return Effect.callback((resume) => {
        // The load may have ended between this step and the one before.
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

  /** The loads that wait for each other from this one to another. */
  private pathTo(target: Flight<any, any>): ReadonlyArray<Flight<any, any>> | undefined {
    const from = new Map<Flight<any, any>, Flight<any, any> | undefined>([[this, undefined]])
    // What is added to a Map while it is iterated over is visited, too.
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

const describe = (circle: ReadonlyArray<Flight<any, any>>): string => {
  const names = circle.map(({ index, begun }) => [...index.keys()].slice(0, 3).map(begun.describe).join(", "))
  return `A load waits for itself: ${names.join(" → ")}. Load the value without asking for its own key.`
}
