import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

/** Runs an effect that yields to other fibers before its n-th step, for one turn or several. */
export const yieldingBefore = <A, E, R>(
  step: number,
  effect: Effect.Effect<A, E, R>,
  turns = 1
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    // The scheduler of the `TestClock` would wait for the effect before it wakes other fibers.
    const scheduler = new Scheduler.MixedScheduler()
    let steps = 0
    return Effect.provideService(effect, Scheduler.Scheduler, {
      executionMode: scheduler.executionMode,
      shouldYield: () => ++steps >= step && steps < step + turns,
      makeDispatcher: () => scheduler.makeDispatcher()
    })
  })

/** Runs an effect in a fiber that is interrupted before its n-th step, unless it ends before. */
export const interruptedBefore = <A, E, R>(
  step: number,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<void, never, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(yieldingBefore(step, effect), { startImmediately: true })
    yield* Fiber.interrupt(fiber)
  })
