import { performance } from "node:perf_hooks"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Service } from "../../src/KeyValue.ts"
import type { KeyValueError, ReadError, WriteError } from "../../src/KeyValueError.ts"
import type { History, Value } from "./history.ts"
import type { Stalls } from "./Stalls.ts"

/** How many fibers write new keys, overwrite a few keys, and read those. */
const fibers = { appending: 4, overwriting: 4, reading: 6 }

/** How many keys each overwriting fiber has. */
const keysEach = 4

/** The pause of a fiber between two calls, in milliseconds. */
const pause = 5

/** How long to wait at the end for calls in progress, in milliseconds. */
const longest = 5000

/** A key that is only read. */
export const fixedKey = "fixed"

type Kind = "read" | "write"

/** When a call began, and how long this process had been stalled by then. */
export interface Begin {
  readonly at: number
  readonly stalled: number
}

/** The results of all calls. */
export class Calls {
  count = 0
  /** How many calls are in progress. */
  open = 0
  slowest = 0
  /** The most by which a call exceeded the limit, without the time in which this process was stalled. */
  late = 0
  readonly failures: Record<string, number> = {}
  readonly defects: Array<string> = []
  readonly wrongReads: Array<string> = []
  /** For calls that began after the fault's end: when the first of each kind succeeded, and when the last failed. */
  private endedAt = Number.POSITIVE_INFINITY
  private readonly succeeded = new Map<Kind, number>()
  private lastFailed = 0
  private readonly limit: number
  private readonly stalls: Pick<Stalls, "total">

  constructor(limit: number, stalls: Pick<Stalls, "total">) {
    this.limit = limit
    this.stalls = stalls
  }

  faultEnded(): void {
    this.endedAt = performance.now()
  }

  /** Milliseconds from the end of the fault until calls of both kinds succeeded and none failed any more. */
  get back(): number | undefined {
    if (this.succeeded.size < 2) return undefined
    return Math.max(0, this.lastFailed - this.endedAt, ...[...this.succeeded.values()].map((at) => at - this.endedAt))
  }

  /** Whether calls have succeeded again for this many milliseconds. */
  isBackFor(millis: number): boolean {
    const { back } = this
    return back !== undefined && performance.now() >= this.endedAt + back + millis
  }

  begin(): Begin {
    this.open++
    return { at: performance.now(), stalled: this.stalls.total }
  }

  add(kind: Kind, began: Begin, exit: Exit.Exit<unknown, KeyValueError>): void {
    const now = performance.now()
    const took = now - began.at
    this.count++
    this.open--
    this.slowest = Math.max(this.slowest, took)
    this.late = Math.max(this.late, took - this.limit - (this.stalls.total - began.stalled))
    if (Exit.isFailure(exit)) {
      const error = Cause.findErrorOption(exit.cause)
      if (Option.isNone(error)) this.defects.push(Cause.pretty(exit.cause))
      else this.failures[error.value._tag] = (this.failures[error.value._tag] ?? 0) + 1
    }
    if (began.at < this.endedAt) return
    if (Exit.isFailure(exit)) this.lastFailed = now
    else if (!this.succeeded.has(kind)) this.succeeded.set(kind, now)
  }
}

/** Writes and reads, and records every result, until `stop`. */
export const start = (kv: Service, history: History, calls: Calls) =>
  Effect.gen(function* () {
    yield* Effect.exit(kv.put(fixedKey, 1))
    const each = (count: number, loop: (i: number) => Effect.Effect<void>) =>
      Effect.forEach(
        Array.from({ length: count }, (_, i) => i),
        (i) => Effect.forkChild(loop(i))
      )
    const all = [
      ...(yield* each(fibers.appending, (i) => forever((round) => write(kv, history, calls, `new-${i}-${round}`)))),
      ...(yield* each(fibers.overwriting, (i) =>
        forever((round) => write(kv, history, calls, `same-${i}-${round % keysEach}`))
      )),
      ...(yield* each(fibers.reading, (i) =>
        forever((round) =>
          round % 8 === 0
            ? timed(calls, "read", kv.get(fixedKey))
            : read(kv, history, calls, `same-${i % fibers.overwriting}-${round % keysEach}`)
        )
      ))
    ]
    return { stop: Effect.asVoid(Effect.timeoutOption(Fiber.interruptAll(all), longest)) }
  })

const forever = (step: (round: number) => Effect.Effect<unknown>): Effect.Effect<void> => {
  let round = 0
  return Effect.forever(
    Effect.andThen(
      Effect.suspend(() => step(round++)),
      Effect.sleep(pause)
    )
  )
}

/** Uninterruptible, so that every call that began is recorded with its end. */
const timed = <A, E extends ReadError | WriteError>(calls: Calls, kind: Kind, call: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const began = calls.begin()
    return Effect.tap(Effect.exit(call), (exit) => Effect.sync(() => calls.add(kind, began, exit)))
  }).pipe(Effect.uninterruptible)

const write = (kv: Service, history: History, calls: Calls, key: string) =>
  Effect.suspend(() => {
    const value = history.begin(key)
    return Effect.map(timed(calls, "write", kv.put(key, { ...value })), (exit) => record(history, value, exit))
  })

const record = (history: History, value: Value, exit: Exit.Exit<void, WriteError>): void => {
  if (Exit.isSuccess(exit)) history.succeeded(value)
  else history.failed(value, Option.getOrUndefined(Cause.findErrorOption(exit.cause))?.outcome ?? "unknown")
}

const read = (kv: Service, history: History, calls: Calls, key: string) =>
  Effect.suspend(() => {
    const acknowledged = history.acknowledgedOf(key)
    return Effect.map(timed(calls, "read", kv.get(key)), (exit) => {
      if (Exit.isFailure(exit)) return
      const finding = history.judge(key, exit.value, acknowledged)
      if (finding !== "right") calls.wrongReads.push(`${key} was ${finding}`)
    })
  })

/** Reads all keys: how many acknowledged writes are lost, and what else is wrong. */
export const verify = (kv: Service, history: History) =>
  Effect.gen(function* () {
    let lost = 0
    const wrong: Array<string> = []
    for (let i = 0; i < history.written.length; i += 200) {
      const keys = history.written.slice(i, i + 200)
      const read = yield* Effect.result(Effect.retry(kv.getMany(keys), { times: 5 }))
      if (read._tag === "Failure") return { lost, wrong: [`reading back failed: ${read.failure.message}`] }
      const values = read.success
      for (const [k, key] of keys.entries()) {
        const finding = history.judge(key, values[k])
        if (finding === "lost") lost++
        else if (finding !== "right") wrong.push(`${key} is ${finding} in the end`)
      }
    }
    return { lost, wrong }
  })
