import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Something that is done when it is due, unless it is removed before. */
export interface Deadline {
  readonly at: number
  readonly onDue: () => void
  earlier: Deadline | undefined
  later: Deadline | undefined
}

/** The longest time that `setTimeout` can wait. */
const longest = 2 ** 31 - 1

/**
 * Deadlines that are all the same time away when they are added, and so come in the order in which they were added: one
 * timer for all, which is set anew when it has run, and not for each of them.
 */
export class Deadlines {
  readonly clock: Clock.Clock
  private readonly millis: number
  private first: Deadline | undefined
  private last: Deadline | undefined
  private timer: Timer | undefined

  /** All deadlines are so many milliseconds away, by the clock. */
  constructor(clock: Clock.Clock, millis: number) {
    this.clock = clock
    this.millis = millis
  }

  add(onDue: () => void): Deadline {
    const deadline: Deadline = { at: this.now() + this.millis, onDue, earlier: this.last, later: undefined }
    if (this.last === undefined) this.first = deadline
    else this.last.later = deadline
    this.last = deadline
    if (this.timer === undefined) this.set(this.millis)
    else if (this.first === deadline) this.timer.hold()
    return deadline
  }

  remove(deadline: Deadline): void {
    if (deadline.earlier === undefined && this.first !== deadline) return
    if (deadline.earlier === undefined) this.first = deadline.later
    else deadline.earlier.later = deadline.later
    if (deadline.later === undefined) this.last = deadline.earlier
    else deadline.later.earlier = deadline.earlier
    deadline.earlier = undefined
    if (this.first === undefined) this.timer?.release()
  }

  /** Nothing is due any more. */
  close(): void {
    this.timer?.stop()
    this.timer = this.first = this.last = undefined
  }

  private set(millis: number): void {
    this.timer = startTimer(this.clock, Math.min(millis, longest), () => this.run())
  }

  private run(): void {
    this.timer = undefined
    const now = this.now()
    while (this.first !== undefined && this.first.at <= now) {
      const due = this.first
      this.remove(due)
      due.onDue()
    }
    if (this.first !== undefined && this.timer === undefined) this.set(this.first.at - now)
  }

  /** Milliseconds of a clock that nobody sets back. */
  private now(): number {
    return Number(this.clock.monotonicTimeNanosUnsafe()) / 1e6
  }
}

interface Timer {
  /** There is something to wait for: a program must not end before. */
  readonly hold: () => void
  readonly release: () => void
  readonly stop: () => void
}

const liveClock = Clock.Clock.defaultValue()

/** The runtime's own timer for the live clock, which takes less time than a fiber that sleeps. */
const startTimer = (clock: Clock.Clock, millis: number, run: () => void): Timer =>
  clock === liveClock ? startLive(millis, run) : startSleep(clock, millis, run)

const startLive = (millis: number, run: () => void): Timer => {
  const handle = setTimeout(run, Math.ceil(millis))
  const stop = () => clearTimeout(handle)
  // In browsers it is a number, and no program waits for it.
  return typeof handle === "object"
    ? { hold: () => handle.ref(), release: () => handle.unref(), stop }
    : { hold: () => {}, release: () => {}, stop }
}

const startSleep = (clock: Clock.Clock, millis: number, run: () => void): Timer => {
  const fiber = Effect.runFork(Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(run)))
  return { hold: () => {}, release: () => {}, stop: () => fiber.interruptUnsafe() }
}
