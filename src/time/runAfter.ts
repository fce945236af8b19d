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

/** The same by the live clock, for code that runs in no fiber. `setTimeout` costs less than a fiber that sleeps. */
export const runAfterLive = (millis: number, run: () => void): Cancel => {
  const rest = millis - longestTimer
  if (rest > 0) return runAfterLonger(rest, run)
  const handle = setTimeout(run, Math.max(shortest, millis))
  return () => clearTimeout(handle)
}

/** Waits for as long as one timer can, and then for the rest. */
const runAfterLonger = (rest: number, run: () => void): Cancel => {
  const first = setTimeout(() => {
    cancel = runAfterLive(rest, run)
  }, longestTimer)
  let cancel: Cancel = () => clearTimeout(first)
  return () => cancel()
}

const sleepThen = (context: Context.Context<never>, clock: Clock.Clock, millis: number, run: () => void): Cancel => {
  const sleep = Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(run))
  const sleeping = Effect.runFork(sleep, { scheduler: Context.get(context, Scheduler.Scheduler) })
  return () => sleeping.interruptUnsafe()
}
