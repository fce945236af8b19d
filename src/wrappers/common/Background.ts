import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { CurrentFlight } from "../../concurrency/Flight.ts"
import { withoutBudget } from "../../time/budget.ts"

/** Work that outlives its caller, and ends with the layer. */
export class Background {
  private readonly running = new Set<Fiber.Fiber<unknown, unknown>>()
  private readonly limit: number
  private isClosed = false

  /** No more than `limit` effects run at a time. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.limit = limit
  }

  /** Whether nothing can be started now. */
  get isFull(): boolean {
    return this.isClosed || this.running.size >= this.limit
  }

  /**
   * Starts an effect in this step. If the layer is closed, or too many effects are running, it does not run at all.
   *
   * `Effect.forkIn` would not do: when the scope is closed, it would wait for an uninterruptible store.
   */
  start<A>(
    context: Context.Context<never>,
    effect: Effect.Effect<A>,
    options?: { readonly uninterruptible: boolean }
  ): Fiber.Fiber<A> | undefined {
    if (this.isFull) return undefined
    const fiber = Effect.runForkWith(context)(effect, options)
    this.running.add(fiber)
    fiber.addObserver(() => this.running.delete(fiber))
    return fiber
  }

  /** Interrupts all effects, and returns their fibers. Nothing can be started any more. */
  close(): ReadonlyArray<Fiber.Fiber<unknown, unknown>> {
    this.isClosed = true
    const fibers = [...this.running]
    for (const fiber of fibers) fiber.interruptUnsafe()
    return fibers
  }
}

/** An effect without the time budget of the fiber that starts it, and without the load that this fiber works for. */
export const alone = <A>(effect: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.provideService(withoutBudget(effect), CurrentFlight, undefined)
