import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { CurrentRequest, keepAlive } from "../../concurrency/request.ts"
import * as Call from "../../driver/Call.ts"
import { monotonicMillis } from "../../time/clock.ts"
import type { Background } from "./Background.ts"
import { pick } from "./Copies.ts"
import type { Counters } from "./counters.ts"
import type { Fills } from "./Fills.ts"

/** How many milliseconds to wait after a failed refresh before the next one. */
const pauseAfterFailure = 1000

/** Fills keys in the background, each of them once at a time. */
export class Refreshes {
  private readonly fills: Fills
  private readonly background: Background
  private readonly counters: Counters
  private pausedUntil = Number.NEGATIVE_INFINITY

  constructor(fills: Fills, background: Background, counters: Counters) {
    this.fills = fills
    this.background = background
    this.counters = counters
  }

  start(call: Call.Get, ids: ReadonlyArray<string>, caller: Fiber.Fiber<unknown, unknown>): void {
    const clock = caller.getRef(Clock.Clock)
    const request = caller.getRef(CurrentRequest)
    const now = monotonicMillis(clock)
    if (request === "unknown" || this.background.isFull || now < this.pausedUntil) return
    const idle = ids.flatMap((id, i) => (this.fills.isUnderWay(id, now) ? [] : [i]))
    if (idle.length === 0) return
    this.counters.refresh(idle.length)
    const filled = Effect.catchCause(this.fills.fill(Call.pick(call, idle), pick(ids, idle)), (cause) => {
      this.pausedUntil = monotonicMillis(clock) + pauseAfterFailure
      return Cause.hasDies(cause) ? Effect.logWarning("a read cache could not renew copies", cause) : Effect.void
    })
    const work = this.background.start(Effect.asVoid(filled), caller)
    if (work !== undefined && request !== "shared") keepAlive(request, work)
  }
}
