import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Moment } from "./History.ts"
import type { Tasks, VirtualClock } from "./VirtualTime.ts"

/** Lets time pass, and what was planned happen in its time. Knows the order of all that happens. */
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

  /** Lets what is planned happen, and time pass until all of it has. */
  readonly events = Effect.suspend(() => this.to(this.planned.at(-1)?.at ?? 0))

  /** Lets time pass, and nothing happen of what is planned. */
  wait(millis: number): Effect.Effect<void> {
    return Effect.suspend(() => this.clock.advanceTo(this.clock.now + millis))
  }

  readonly to = Effect.fnUntraced({ self: this }, function* (end: number) {
    while (this.planned.length > 0 && this.planned[0]!.at <= end) {
      const { at, event } = this.planned.shift()!
      yield* this.clock.advanceTo(at)
      yield* event
    }
    yield* this.clock.advanceTo(end)
  })

  /**
   * Lets time pass until fibers have ended. Answers whether they have: what does not when nothing has happened for five
   * minutes, or when nothing is left that could happen, hangs.
   */
  readonly until = Effect.fnUntraced(
    { self: this },
    function* (fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>, withEvents = true) {
      let before = this.count
      for (let idle = 0; idle < 300; idle = this.count === before ? idle + 1 : 0) {
        yield* this.tasks.idle
        if (fibers.every((fiber) => fiber.pollUnsafe() !== undefined)) return true
        if (this.clock.asleep === 0 && this.planned.length === 0) return false
        before = this.count
        yield* withEvents ? this.to(this.clock.now + 1000) : this.wait(1000)
      }
      return false
    }
  )
}
