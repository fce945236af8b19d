import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { CurrentDeadline } from "../../time/budget.ts"

/** Runs what goes on after its caller was answered, as long as the layer lives. */
export class Background {
  private readonly fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  private isClosed = false

  /**
   * Begins something in this very step, unless the layer is closed: then it does not run at all. It is not interrupted
   * where it does not say that it may be.
   *
   * `Effect.forkIn` is of no use here: the scope would wait for an uninterruptible store when it is closed.
   */
  start(context: Context.Context<never>, effect: Effect.Effect<unknown>): void {
    if (this.isClosed) return
    const fiber = Effect.runForkWith(context)(effect, { uninterruptible: true })
    if (fiber.pollUnsafe() !== undefined) return
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
  }

  /** Interrupts all that is under way, and does not wait for what cannot be interrupted. */
  close(): void {
    this.isClosed = true
    for (const fiber of this.fibers) fiber.interruptUnsafe()
  }
}

/** What a fiber has, without the time that its caller gives it. */
export const contextWithoutBudget = (fiber: Fiber.Fiber<unknown, unknown>): Context.Context<never> =>
  fiber.getRef(CurrentDeadline) === Number.POSITIVE_INFINITY
    ? fiber.context
    : Context.add(fiber.context, CurrentDeadline, Number.POSITIVE_INFINITY)
