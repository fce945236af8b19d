import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"
import { firstIndex } from "./firstIndex.ts"
import { type Jump, wallAt } from "./wall.ts"

interface Sleep {
  readonly at: number
  readonly resume: (effect: Effect.Effect<void>) => void
}

/** The wall-clock time at which a run begins, in milliseconds. */
export const epoch = 1_700_000_000_000

const nanosPerMilli = 1_000_000n

/**
 * A clock that moves only when it is told to, and only by whole milliseconds. Jumps change its wall-clock time, but not
 * its monotonic time.
 */
export class VirtualClock implements Clock.Clock {
  /** Milliseconds since the run began. */
  now = 0
  /** In the order of their due times. */
  private readonly sleeps: Array<Sleep> = []
  private readonly jumps: ReadonlyArray<Jump>
  private readonly tasks: Tasks

  constructor(jumps: ReadonlyArray<Jump>, tasks: Tasks) {
    this.jumps = jumps
    this.tasks = tasks
  }

  get asleep(): number {
    return this.sleeps.length
  }

  /** Wall-clock milliseconds since {@link epoch}. */
  get wall(): number {
    return wallAt(this.jumps, this.now)
  }

  currentTimeMillisUnsafe = (): number => epoch + this.wall
  currentTimeNanosUnsafe = (): bigint => BigInt(epoch + this.wall) * nanosPerMilli
  monotonicTimeNanosUnsafe = (): bigint => BigInt(this.now) * nanosPerMilli
  readonly currentTimeMillis = Effect.sync(this.currentTimeMillisUnsafe)
  readonly currentTimeNanos = Effect.sync(this.currentTimeNanosUnsafe)
  readonly monotonicTimeNanos = Effect.sync(this.monotonicTimeNanosUnsafe)

  sleep = (duration: Duration.Duration): Effect.Effect<void> => {
    const millis = Math.ceil(Duration.toMillis(duration))
    if (!(millis > 0)) return Effect.yieldNow
    return Effect.callback<void>((resume) => {
      const sleep = { at: this.now + millis, resume }
      this.sleeps.splice(this.indexFor(sleep.at), 0, sleep)
      return Effect.sync(() => {
        const index = this.sleeps.indexOf(sleep)
        if (index !== -1) this.sleeps.splice(index, 1)
      })
    })
  }

  /** Moves time forward to `end`. Fibers run until they are idle before and after each timer. */
  readonly advanceTo = Effect.fnUntraced({ self: this }, function* (end: number) {
    yield* this.tasks.idle
    while (this.sleeps.length > 0 && this.sleeps[0]!.at <= end) {
      const { at, resume } = this.sleeps.shift()!
      this.now = Math.max(this.now, at)
      resume(Effect.void)
      yield* this.tasks.idle
    }
    this.now = Math.max(this.now, end)
  })

  /** Moves time forward in one step. All timers that are due by then fire directly one after the other. */
  stall(millis: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.now += millis
      for (const { resume } of this.sleeps.splice(0, this.indexFor(this.now))) resume(Effect.void)
      return this.tasks.idle
    })
  }

  /** The index of a new sleep, after all sleeps that are due at the same time. */
  private indexFor(at: number): number {
    return firstIndex(this.sleeps, (sleep) => sleep.at > at)
  }
}

/** The scheduled tasks of fibers, which must all run before time may pass. They run before the event loop continues. */
export class Tasks {
  private pending = 0
  private onIdle: (() => void) | undefined

  readonly soon = (f: () => void): (() => void) => {
    let cancelled = false
    queueMicrotask(() => {
      this.pending--
      if (!cancelled) f()
      if (this.pending === 0) this.notifyIfIdle()
    })
    // Counted last, because nothing has been queued when queueMicrotask throws on a full call stack.
    this.pending++
    return () => {
      cancelled = true
    }
  }

  /** Waits until no fiber has a scheduled task. */
  readonly idle: Effect.Effect<void> = Effect.callback((resume) => {
    this.onIdle = () => resume(Effect.void)
    if (this.pending === 0) this.notifyIfIdle()
  })

  private notifyIfIdle(): void {
    queueMicrotask(() => {
      if (this.pending > 0 || this.onIdle === undefined) return
      const { onIdle } = this
      this.onIdle = undefined
      onIdle()
    })
  }
}

/** A scheduler that makes fibers yield after `slice` steps, and can interrupt a fiber after a number of steps. */
export class SteppingScheduler extends Scheduler.MixedScheduler {
  private readonly stepsLeft = new Map<unknown, number>()
  private readonly slice: number

  constructor(tasks: Tasks, slice: number) {
    super("async", tasks.soon)
    this.slice = slice
  }

  interruptAfter(fiber: unknown, steps: number): void {
    this.stepsLeft.set(fiber, steps)
  }

  forget(fiber: unknown): void {
    this.stepsLeft.delete(fiber)
  }

  override shouldYield(fiber: Parameters<Scheduler.Scheduler["shouldYield"]>[0]): boolean {
    const left = this.stepsLeft.size === 0 ? undefined : this.stepsLeft.get(fiber)
    if (left === undefined) return fiber.currentOpCount >= this.slice
    if (left > 0) {
      this.stepsLeft.set(fiber, left - 1)
      return fiber.currentOpCount >= this.slice
    }
    this.stepsLeft.delete(fiber)
    fiber.interruptUnsafe()
    return true
  }
}
