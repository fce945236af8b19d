/** Time that passes only when it is told to, and fibers that run only then. Nothing here waits for the event loop. */
import type { Clock } from "effect"
import { Duration, Effect, Scheduler } from "effect"

interface Timer {
  readonly at: number
  /** Timers that are due at the same time fire in the order in which they were started. */
  readonly order: number
  resume: (() => void) | undefined
}

/** The wall-clock time at which a run begins, in milliseconds. */
const epoch = 1_800_000_000_000

/** A time is a whole number of microseconds, so that rounding cannot differ between browsers. */
const perMilli = 1000

export class VirtualTime implements Clock.Clock {
  private micros = 0
  private origin = 0
  private started = 0
  private readonly timers = new Heap()
  private readonly tasks: Array<() => void> = []
  private nextTask = 0

  /** Milliseconds since the run began. */
  get now(): number {
    return (this.micros - this.origin) / perMilli
  }

  /** Whether time and fibers stand still for ever. */
  isStopped = false

  /** Makes this moment the beginning of the run. */
  begin(): void {
    this.origin = this.micros
  }

  currentTimeMillisUnsafe = (): number => epoch + Math.floor(this.micros / perMilli)
  currentTimeNanosUnsafe = (): bigint => BigInt(epoch) * 1_000_000n + this.monotonicTimeNanosUnsafe()
  monotonicTimeNanosUnsafe = (): bigint => BigInt(this.micros * 1000)
  readonly currentTimeMillis = Effect.sync(this.currentTimeMillisUnsafe)
  readonly currentTimeNanos = Effect.sync(this.currentTimeNanosUnsafe)
  readonly monotonicTimeNanos = Effect.sync(this.monotonicTimeNanosUnsafe)

  sleep = (duration: Duration.Duration): Effect.Effect<void> => this.sleepMillis(Duration.toMillis(duration))

  sleepMillis(millis: number): Effect.Effect<void> {
    const micros = Math.round(millis * perMilli)
    if (!(micros > 0)) return Effect.yieldNow
    return Effect.callback<void>((resume) => {
      const timer: Timer = { at: this.micros + micros, order: this.started++, resume: () => resume(Effect.void) }
      this.timers.push(timer)
      return Effect.sync(() => {
        timer.resume = undefined
      })
    })
  }

  /** Moves time forward to `millis`. All fibers run until they wait, before and after each timer. */
  advanceTo(millis: number): void {
    const end = this.origin + Math.round(millis * perMilli)
    this.runTasks()
    for (let first = this.timers.first; first !== undefined && first.at <= end; first = this.timers.first) {
      if (this.isStopped) return
      this.timers.pop()
      if (first.resume === undefined) continue
      this.micros = Math.max(this.micros, first.at)
      first.resume()
      this.runTasks()
    }
    if (!this.isStopped) this.micros = Math.max(this.micros, end)
  }

  /** Runs fibers until all of them wait for a timer or have ended. */
  runTasks = (): void => {
    while (this.nextTask < this.tasks.length && !this.isStopped) {
      const task = this.tasks[this.nextTask++]!
      task()
      if (this.nextTask === 1024) {
        this.tasks.splice(0, 1024)
        this.nextTask = 0
      }
    }
    this.tasks.length = 0
    this.nextTask = 0
  }

  /** Fibers with this scheduler run in {@link advanceTo} and {@link runTasks}. */
  readonly scheduler: Scheduler.Scheduler = (() => {
    const dispatcher: Scheduler.SchedulerDispatcher = {
      scheduleTask: (task) => {
        this.tasks.push(task)
      },
      flush: this.runTasks
    }
    const mixed = new Scheduler.MixedScheduler()
    return {
      executionMode: "async",
      shouldYield: (fiber) => mixed.shouldYield(fiber),
      makeDispatcher: () => dispatcher
    }
  })()
}

/** A binary heap: the timer that is due first is `first`. */
class Heap {
  private readonly items: Array<Timer> = []

  get first(): Timer | undefined {
    return this.items[0]
  }

  push(timer: Timer): void {
    const { items } = this
    let i = items.length
    items.push(timer)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(timer, items[parent]!)) break
      items[i] = items[parent]!
      i = parent
    }
    items[i] = timer
  }

  pop(): void {
    const { items } = this
    const last = items.pop()!
    if (items.length === 0) return
    let i = 0
    while (true) {
      let child = 2 * i + 1
      if (child >= items.length) break
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child++
      if (!isBefore(items[child]!, last)) break
      items[i] = items[child]!
      i = child
    }
    items[i] = last
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
