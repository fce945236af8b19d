import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Moment } from "./History.ts"
import type { Tasks, VirtualClock } from "./VirtualTime.ts"

/** Moves virtual time forward, runs planned events at their times, and numbers all moments in their order. */
export class Passing {
  private readonly clock: VirtualClock
  private readonly tasks: Tasks
  private count = 0
  private planned: Array<{ readonly at: number; readonly event: Effect.Effect<void> }> = []

  constructor(clock: VirtualClock, tasks: Tasks) {
    this.clock = clock
    this.tasks = tasks
  }

  get time(): number {
    return this.clock.now
  }

  readonly now = (): Moment => ({ at: this.clock.now, seq: this.count++ })

  plan(at: number, event: Effect.Effect<void>): void {
    this.planned.push({ at, event })
    this.planned.sort((a, b) => a.at - b.at)
  }

  /** Moves time forward until all planned events have run. */
  readonly runEvents = Effect.suspend(() => this.advanceTo(this.planned.at(-1)?.at ?? 0))

  /** Moves time forward without running planned events. */
  wait(millis: number): Effect.Effect<void> {
    return Effect.suspend(() => this.clock.advanceTo(this.clock.now + millis))
  }

  /** Moves time forward, and runs the events that are planned until then. */
  readonly advanceTo = Effect.fnUntraced({ self: this }, function* (end: number) {
    while (this.planned.length > 0 && this.planned[0]!.at <= end) {
      const { at, event } = this.planned.shift()!
      yield* this.clock.advanceTo(at)
      yield* event
    }
    yield* this.clock.advanceTo(end)
  })

  /**
   * Moves time forward until fibers have ended, and returns whether they have. Fibers hang if nothing has happened for
   * five minutes, or if neither a sleep nor a planned event is left.
   */
  readonly waitFor = Effect.fnUntraced(
    { self: this },
    function* (fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>, withEvents = true) {
      let before = this.count
      for (let idle = 0; idle < 300; idle = this.count === before ? idle + 1 : 0) {
        yield* this.tasks.idle
        if (fibers.every((fiber) => fiber.pollUnsafe() !== undefined)) return true
        if (this.clock.asleep === 0 && this.planned.length === 0) return false
        before = this.count
        yield* withEvents ? this.advanceTo(this.clock.now + 1000) : this.wait(1000)
      }
      return false
    }
  )
}
