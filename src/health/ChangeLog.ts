import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../time/clock.ts"
import { type Cancel, runAfter } from "../time/runAfter.ts"
import { LogLevels } from "./LogLevels.ts"
import type { Status } from "./Status.ts"

/** How many changes a module logs per period (in milliseconds). The others are counted in one line. */
const maxLines = 10
const period = 60_000

/** The module whose changes are logged. */
interface Subject {
  readonly module: string
  readonly system: string
  readonly name?: string | undefined
}

/** Logs each change once, unless there are too many of them. */
export class ChangeLog {
  private readonly context: Context.Context<never>
  private readonly subject: Subject
  private lines = 0
  private periodBegan = Number.NEGATIVE_INFINITY
  private wentWrongAt: number | undefined
  private leftOut = 0
  private last: { readonly status: Status; readonly reason: string } | undefined
  private cancel: Cancel | undefined

  constructor(context: Context.Context<never>, subject: Subject) {
    this.context = context
    this.subject = subject
  }

  add(status: Status, reason: string): void {
    const now = this.now()
    const lasted = this.wentWrongAt === undefined ? "" : ` after ${Math.round(now - this.wentWrongAt)} ms`
    this.wentWrongAt = status === "up" ? undefined : (this.wentWrongAt ?? now)
    if (this.leftOut === 0 && now - this.periodBegan >= period) {
      this.periodBegan = now
      this.lines = 0
    }
    this.last = { status, reason }
    if (this.leftOut === 0 && this.lines < maxLines) {
      this.lines++
      this.write(status, status === "up" ? `is up again${lasted}` : `is ${status}`, reason)
      return
    }
    this.leftOut++
    this.cancel ??= runAfter(this.context, this.periodBegan + period - now, () => this.summarize())
  }

  close(): void {
    this.cancel?.()
  }

  private summarize(): void {
    const { status, reason } = this.last!
    const times = this.leftOut === 1 ? "once more" : `${this.leftOut} more times`
    this.cancel = undefined
    this.leftOut = 0
    this.lines = 1
    this.periodBegan = this.now()
    this.write(status, `has changed its state ${times}, and is ${status} now`, reason)
  }

  private write(status: Status, what: string, reason: string): void {
    const level = Context.get(this.context, LogLevels)[status]
    if (level === "None") return
    const { module, system, name } = this.subject
    const subject = name === undefined ? module : `${module} ${JSON.stringify(name)}`
    const annotations = { module, system, ...(name !== undefined && { store: name }), status }
    Effect.runForkWith(this.context)(
      Effect.annotateLogs(Effect.logWithLevel(level)(`${subject} ${what}. ${reason}`), annotations)
    )
  }

  private now(): number {
    return monotonicMillis(Context.get(this.context, Clock.Clock))
  }
}
