/**
 * Removes copies after writes.
 *
 * A writer with a budget of time waits for a slow cache no longer than that, and one that was interrupted does not wait: the
 * removal goes on, and the copies are not read until it has ended.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Call from "../../driver/Call.ts"
import type { Place } from "../../KeyValueError.ts"
import { timeLeft, withinBudget } from "../../time/budget.ts"
import { alone } from "../common/Background.ts"
import { atSteady, clearCopies, removeCopies } from "./copies.ts"
import type { Parts } from "./Parts.ts"
import { everything } from "./Validity.ts"

/** Removes the copies of the keys of a write. */
export const removeAfterWrite = (
  parts: Parts,
  exit: Exit.Exit<unknown, unknown>,
  call: Call.Put | Call.Delete | Call.CompareAndPut | Call.Increment,
  ids: ReadonlyArray<string>
): Effect.Effect<void> =>
  run(parts, exit, call.place, {
    removal: removeCopies(parts, call),
    hold: () => parts.validity.beingWritten.hold(ids),
    invalidate: (now) => parts.validity.invalidate(ids, now)
  })

/** Removes the copies of what a call may have cleared. */
export const removeAfterClear = (
  parts: Parts,
  exit: Exit.Exit<unknown, unknown>,
  call: Call.Clear
): Effect.Effect<void> =>
  run(parts, exit, call.place, {
    removal: clearCopies(parts, call),
    hold: () => parts.validity.beingCleared.hold(everything),
    invalidate: (now) => parts.validity.invalidations.addAll(now)
  })

interface Removal {
  readonly removal: Effect.Effect<void>
  /** Keeps the copies from being read until the function that it returns is called. */
  readonly hold: () => () => void
  /** What is done instead when too many removals are running. */
  readonly invalidate: (now: number) => void
}

const run = (
  { removals, cacheMayWait }: Parts,
  exit: Exit.Exit<unknown, unknown>,
  place: Place,
  { removal, hold, invalidate }: Removal
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const isInterrupted = Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)
    if (!cacheMayWait || (!isInterrupted && timeLeft(fiber) === Number.POSITIVE_INFINITY)) return removal
    const release = hold()
    const work = removals.start(fiber.context, alone(removal))
    if (work === undefined) {
      release()
      return atSteady(invalidate)
    }
    work.addObserver(release)
    return isInterrupted ? Effect.void : Effect.ignore(withinBudget(Fiber.await(work), place))
  })
