/** Tests the virtual clock and scheduler of the simulation. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import { epoch, SteppingScheduler, Tasks, VirtualClock } from "../../../src/testing/simulation/VirtualTime.ts"

const inVirtualTime = <A>(
  jumps: ConstructorParameters<typeof VirtualClock>[0],
  f: (clock: VirtualClock, scheduler: SteppingScheduler) => Effect.Effect<A>
) => {
  const tasks = new Tasks()
  const clock = new VirtualClock(jumps, tasks)
  const scheduler = new SteppingScheduler(tasks, 2048)
  return f(clock, scheduler).pipe(
    Effect.provideService(Clock.Clock, clock),
    Effect.provideService(Scheduler.Scheduler, scheduler)
  )
}

/** Logs when each of several sleeps ends. */
const sleepers = (clock: VirtualClock, log: Array<readonly [number, number]>) =>
  Effect.forEach([10, 20, 30], (millis) =>
    Effect.forkDetach(
      Effect.andThen(
        Effect.sleep(millis),
        Effect.sync(() => log.push([millis, clock.now]))
      )
    )
  )

describe("virtual time", () => {
  it.live("wakes each sleeper at its own time", () =>
    inVirtualTime([], (clock) =>
      Effect.gen(function* () {
        const log: Array<readonly [number, number]> = []
        yield* sleepers(clock, log)
        yield* clock.advanceTo(25)
        assert.deepStrictEqual(log, [
          [10, 10],
          [20, 20]
        ])
        assert.strictEqual(clock.asleep, 1)
      })
    )
  )

  it.live("wakes all sleepers that are due at the end of a stall", () =>
    inVirtualTime([], (clock) =>
      Effect.gen(function* () {
        const log: Array<readonly [number, number]> = []
        yield* sleepers(clock, log)
        yield* clock.advanceTo(1)
        yield* clock.stall(24)
        assert.deepStrictEqual(log, [
          [10, 25],
          [20, 25]
        ])
      })
    )
  )

  it.live("sets the wall clock back without the monotonic one", () =>
    inVirtualTime([{ at: 5, by: -1000 }], (clock) =>
      Effect.gen(function* () {
        yield* clock.advanceTo(10)
        assert.strictEqual(yield* Clock.currentTimeMillis, epoch - 990)
        assert.strictEqual(yield* Clock.monotonicTimeNanos, 10_000_000n)
      })
    )
  )

  it.live("interrupts a fiber between two of its steps", () =>
    inVirtualTime([], (_, scheduler) =>
      Effect.gen(function* () {
        let steps = 0
        const fiber = yield* Effect.forkDetach(Effect.forever(Effect.sync(() => steps++)))
        scheduler.interruptAfter(fiber, 50)
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(exit._tag, "Failure")
        assert.isTrue(steps > 0 && steps < 50)
      })
    )
  )
})
