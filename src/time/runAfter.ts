import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"
import { liveClock } from "./clock.ts"

/** A function that runs later, unless it is canceled before. */
export interface Timer {
  readonly cancel: () => void
}

/** The limits of `setTimeout`. With at least 1 ms, the function never runs before `runAfter` returns. */
const shortest = 1
export const longestTimer = 2 ** 31 - 1

/**
 * Runs a function after a number of milliseconds by the clock of a fiber. Takes the fiber's context, since a fiber that has
 * ended has none.
 *
 * Only `cancel` can stop the timer. So no caller waits forever because a layer was closed or another request has ended.
 */
export const runAfter = (context: Context.Context<never>, millis: number, run: () => void): Timer => {
  const clock = Context.get(context, Clock.Clock)
  const wait = Math.max(shortest, millis)
  return clock === liveClock ? liveTimer(wait, run) : sleepThen(context, clock, wait, run)
}

/** The same by the live clock, for code without a fiber. */
export const liveTimer = (millis: number, run: () => void): Timer => new LiveTimer(millis, run)

/** `setTimeout`, which is cheaper than a sleeping fiber. */
class LiveTimer implements Timer {
  private handle: ReturnType<typeof setTimeout> | undefined

  constructor(millis: number, run: () => void) {
    this.start(millis, run)
  }

  cancel(): void {
    clearTimeout(this.handle)
  }

  private start(millis: number, run: () => void): void {
    const rest = millis - longestTimer
    this.handle = rest > 0 ? setTimeout(() => this.start(rest, run), longestTimer) : setTimeout(run, millis)
  }
}

const sleepThen = (context: Context.Context<never>, clock: Clock.Clock, millis: number, run: () => void): Timer => {
  const sleep = Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(run))
  const sleeping = Effect.runFork(sleep, { scheduler: Context.get(context, Scheduler.Scheduler) })
  return { cancel: () => sleeping.interruptUnsafe() }
}
