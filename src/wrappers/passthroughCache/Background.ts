import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { CurrentFlight } from "../../concurrency/Flight.ts"
import { withoutBudget } from "../../time/budget.ts"

/** Work that outlives its caller: it has no caller's time budget, and ends with the layer. */
export class Background {
  private readonly fibers = new Set<Fiber.Fiber<void>>()
  private readonly limit: number
  private isClosed = false

  private constructor(limit: number) {
    this.limit = limit
  }

  /** No more than `limit` effects run at a time. */
  static make(limit: number): Effect.Effect<Background, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.sync(() => new Background(limit)),
      (background) =>
        Effect.suspend(() => {
          background.isClosed = true
          return Fiber.interruptAll(background.fibers)
        })
    )
  }

  /** Whether nothing can be started now. */
  get isFull(): boolean {
    return this.isClosed || this.fibers.size >= this.limit
  }

  /** Starts an effect, unless too many are running. */
  start(effect: Effect.Effect<void>, caller: Fiber.Fiber<unknown, unknown>): Fiber.Fiber<void> | undefined {
    if (this.isFull) return undefined
    const own = Effect.provideService(withoutBudget(effect), CurrentFlight, undefined)
    const fiber = Effect.runForkWith(caller.context)(own)
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
    return fiber
  }
}
