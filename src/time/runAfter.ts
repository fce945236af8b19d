import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"
import { liveClock } from "./clock.ts"

/** Stops a timer. Does nothing once the timer has run. */
export type Cancel = () => void

/** The limits of `setTimeout`. With at least 1 ms, the function never runs before `runAfter` returns. */
const shortest = 1
export const longestTimer = 2 ** 31 - 1

/**
 * Runs a function after a number of milliseconds by the clock of a fiber. Takes the fiber's context, because a fiber that
 * has ended has none.
 *
 * Each call starts a timer of its own, which only the returned function stops. A timer that callers share can be lost to
 * all of them when a layer is closed or another request ends.
 */
export const runAfter = (context: Context.Context<never>, millis: number, run: () => void): Cancel => {
  const clock = Context.get(context, Clock.Clock)
  return clock === liveClock ? runAfterLive(millis, run) : sleepThen(context, clock, Math.max(shortest, millis), run)
}

/**
 * The same by the live clock, for code that runs in no fiber. `setTimeout` costs less than a fiber that sleeps.
 *
 * Never runs the function early, as `setTimeout` does: it drops fractions of a millisecond, and counts from the beginning of
 * the current turn of the event loop. A caller that a limit ends early would still have time for another attempt.
 */
export const runAfterLive = (millis: number, run: () => void): Cancel => {
  const endsAt = performance.now() + millis
  const runIfDue = () => {
    const rest = endsAt - performance.now()
    if (rest > 0) handle = wait(rest, runIfDue)
    else run()
  }
  let handle = wait(millis, runIfDue)
  return () => clearTimeout(handle)
}

/** Waits for as long as one timer can, if that is shorter. */
const wait = (millis: number, then: () => void) =>
  setTimeout(then, Math.min(longestTimer, Math.max(shortest, Math.ceil(millis))))

const sleepThen = (context: Context.Context<never>, clock: Clock.Clock, millis: number, run: () => void): Cancel => {
  const sleep = Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(run))
  const sleeping = Effect.runFork(sleep, { scheduler: Context.get(context, Scheduler.Scheduler) })
  return () => sleeping.interruptUnsafe()
}
