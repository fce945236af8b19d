import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Call from "../../driver/Call.ts"
import type { Place } from "../../KeyValueError.ts"
import { timeLeft, withinBudget } from "../../time/budget.ts"
import type { Background } from "./Background.ts"
import { atSteady, type Copies } from "./Copies.ts"
import { everything, type Validity } from "./Validity.ts"

export interface Config {
  readonly copies: Copies
  readonly validity: Validity
  /** Runs the removals that their writers do not wait for. */
  readonly background: Background
  /** Whether the cache may wait for anything. */
  readonly mayWait: boolean
}

/**
 * Removes copies after writes.
 *
 * A writer with a budget of time waits for a slow cache no longer than that, and one that was interrupted does not wait: the
 * removal goes on, and the copies are not read until it has ended.
 */
export class Removals {
  private readonly config: Config

  constructor(config: Config) {
    this.config = config
  }

  /** Removes the copies of the keys of a write. */
  afterWrite(
    exit: Exit.Exit<unknown, unknown>,
    call: Call.Put | Call.Delete | Call.CompareAndPut,
    ids: ReadonlyArray<string>
  ): Effect.Effect<void> {
    const { copies, validity } = this.config
    return this.run(exit, call.place, {
      removal: copies.remove(call, ids),
      hold: () => validity.beingWritten.hold(ids),
      invalidate: (now) => validity.invalidate(ids, now)
    })
  }

  /** Removes the copies of what a call may have cleared. */
  afterClear(exit: Exit.Exit<unknown, unknown>, call: Call.Clear): Effect.Effect<void> {
    const { copies, validity } = this.config
    return this.run(exit, call.place, {
      removal: copies.clear(call),
      hold: () => validity.beingCleared.hold(everything),
      invalidate: (now) => validity.invalidations.addAll(now)
    })
  }

  private run(
    exit: Exit.Exit<unknown, unknown>,
    place: Place,
    {
      removal,
      hold,
      invalidate
    }: {
      readonly removal: Effect.Effect<void>
      /** Keeps the copies from being read until the function that it returns is called. */
      readonly hold: () => () => void
      /** What is done instead when too many removals are running. */
      readonly invalidate: (now: number) => void
    }
  ): Effect.Effect<void> {
    const { background, mayWait } = this.config
    return Effect.withFiber((fiber) => {
      const isInterrupted = Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)
      if (!mayWait || (!isInterrupted && timeLeft(fiber) === Number.POSITIVE_INFINITY)) return removal
      const release = hold()
      const work = background.start(removal, fiber)
      if (work === undefined) {
        release()
        return atSteady(invalidate)
      }
      work.addObserver(release)
      return isInterrupted ? Effect.void : Effect.ignore(withinBudget(Fiber.await(work), place))
    })
  }
}
