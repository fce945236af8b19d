import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import { liveClock, monotonicMillis } from "./clock.ts"

/** Something that is done when it is due, unless it is removed before. What is not a method is the list's own. */
export interface Deadline {
  readonly due: () => void
  at: number
  earlier: Deadline | undefined
  later: Deadline | undefined
}

/** The times that `setTimeout` can wait. What is due already is so a millisecond later: never before it is added. */
const shortest = 1
const longest = 2 ** 31 - 1

/**
 * Deadlines, most of which are the same time away when they are added, and so come in the order in which they were
 * added: one timer for all, which is set anew when it has run, and not for each of them.
 */
export class Deadlines {
  private readonly clock: Clock.Clock
  private readonly millis: number
  private readonly scheduler: Scheduler.Scheduler
  private first: Deadline | undefined
  private last: Deadline | undefined
  private timer: Timer | undefined
  private timerAt = 0

  /** Deadlines are so many milliseconds away, by the clock. The scheduler is for clocks that are not the live one. */
  constructor(clock: Clock.Clock, millis: number, scheduler: Scheduler.Scheduler) {
    this.clock = clock
    this.millis = millis
    this.scheduler = scheduler
  }

  /** When one is due that is added now, unless it is another time away than the others. */
  next(millis = this.millis): number {
    return monotonicMillis(this.clock) + millis
  }

  add(due: () => void, millis?: number): Deadline {
    const deadline: Deadline = { due, at: this.next(millis), earlier: undefined, later: undefined }
    this.insert(deadline)
    return deadline
  }

  /** One that is not so far away as the others is put in its place, past all that come later. */
  insert(deadline: Deadline): void {
    const { at } = deadline
    let earlier = this.last
    while (earlier !== undefined && earlier.at > at) earlier = earlier.earlier
    const later = earlier === undefined ? this.first : earlier.later
    deadline.earlier = earlier
    deadline.later = later
    if (earlier === undefined) this.first = deadline
    else earlier.later = deadline
    if (later === undefined) this.last = deadline
    else later.earlier = deadline
    if (this.timer === undefined || at < this.timerAt) this.set(at)
    else if (this.first === deadline) this.timer.hold()
  }

  remove(deadline: Deadline): void {
    if (deadline.earlier === undefined && this.first !== deadline) return
    if (deadline.earlier === undefined) this.first = deadline.later
    else deadline.earlier.later = deadline.later
    if (deadline.later === undefined) this.last = deadline.earlier
    else deadline.later.earlier = deadline.earlier
    // One that is old to the garbage collector would keep all that came after it, however young.
    deadline.earlier = deadline.later = undefined
    if (this.first === undefined) this.timer?.release()
  }

  /** Nothing is due any more. */
  close(): void {
    this.timer?.stop()
    this.timer = this.first = this.last = undefined
  }

  private set(at: number): void {
    this.timer?.stop()
    const now = monotonicMillis(this.clock)
    const wait = Math.min(Math.max(at - now, shortest), longest)
    this.timerAt = now + wait
    const run = () => this.run()
    this.timer = this.clock === liveClock ? startLive(wait, run) : startSleep(this.clock, this.scheduler, wait, run)
  }

  private run(): void {
    this.timer = undefined
    const now = monotonicMillis(this.clock)
    while (this.first !== undefined && this.first.at <= now) {
      const { first } = this
      this.remove(first)
      first.due()
    }
    // What was due may have added others, which are farther away than the first of those that are left.
    if (this.first !== undefined && (this.timer === undefined || this.first.at < this.timerAt)) this.set(this.first.at)
  }
}

/** Deadlines by the clock that a fiber has, which is another one in tests. */
export type DeadlinesOf = (fiber: Fiber.Fiber<unknown, unknown>) => Deadlines

/** They end with the scope. */
export const deadlinesOf = (millis: number): Effect.Effect<DeadlinesOf, never, Scope.Scope> =>
  Effect.gen(function* () {
    const byClock = new Map<Clock.Clock, Deadlines>()
    yield* Effect.addFinalizer(() => Effect.sync(() => byClock.forEach((it) => void it.close())))
    return (fiber) => {
      const clock = fiber.getRef(Clock.Clock)
      let deadlines = byClock.get(clock)
      if (deadlines === undefined)
        byClock.set(clock, (deadlines = new Deadlines(clock, millis, fiber.getRef(Scheduler.Scheduler))))
      return deadlines
    }
  })

interface Timer {
  /** There is something to wait for: a program must not end before. */
  readonly hold: () => void
  readonly release: () => void
  readonly stop: () => void
}

/** The runtime's own timer, which takes less time than a fiber that sleeps. */
const startLive = (millis: number, run: () => void): Timer => {
  const handle = setTimeout(run, Math.ceil(millis))
  const stop = () => clearTimeout(handle)
  // In browsers it is a number, and no program waits for it.
  return typeof handle === "object"
    ? { hold: () => handle.ref(), release: () => handle.unref(), stop }
    : { hold: () => {}, release: () => {}, stop }
}

const startSleep = (clock: Clock.Clock, scheduler: Scheduler.Scheduler, millis: number, run: () => void): Timer => {
  const sleep = Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(run))
  const fiber = Effect.runFork(sleep, { scheduler })
  return { hold: () => {}, release: () => {}, stop: () => fiber.interruptUnsafe() }
}
