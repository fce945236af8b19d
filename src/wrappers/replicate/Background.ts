import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { CurrentDeadline } from "../../time/budget.ts"

/** Runs work that outlives its caller, until the layer is closed. */
export class Background {
  private readonly fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  private isClosed = false

  /**
   * Starts an effect in this step, unless the layer is closed: then it does not run at all. It is interrupted only where it
   * is marked as interruptible.
   *
   * `Effect.forkIn` would not do: when the scope is closed, it would wait for an uninterruptible store.
   */
  start(context: Context.Context<never>, effect: Effect.Effect<unknown>): void {
    if (this.isClosed) return
    const fiber = Effect.runForkWith(context)(effect, { uninterruptible: true })
    if (fiber.pollUnsafe() !== undefined) return
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
  }

  /** Interrupts all effects, and does not wait for those that cannot be interrupted. */
  close(): void {
    this.isClosed = true
    for (const fiber of this.fibers) fiber.interruptUnsafe()
  }
}

/** The services of a fiber, without its time budget. */
export const contextWithoutBudget = (fiber: Fiber.Fiber<unknown, unknown>): Context.Context<never> =>
  fiber.getRef(CurrentDeadline) === Number.POSITIVE_INFINITY
    ? fiber.context
    : Context.add(fiber.context, CurrentDeadline, Number.POSITIVE_INFINITY)
