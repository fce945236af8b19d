import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { CurrentRequest, keepAlive } from "../../concurrency/request.ts"
import { monotonicMillis } from "../../time/clock.ts"
import { alone } from "../common/Background.ts"
import { fill } from "./fill.ts"
import { type Parts, pick, type Read } from "./Parts.ts"

/** For how many milliseconds nothing is refreshed after a refresh has failed. */
const pauseAfterFailure = 1000

/** Fills keys in the background, each of them once at a time. */
export const refresh = (parts: Parts, read: Read, caller: Fiber.Fiber<unknown, unknown>): void => {
  const { fills, refreshes, counters } = parts
  const clock = caller.getRef(Clock.Clock)
  const request = caller.getRef(CurrentRequest)
  const now = monotonicMillis(clock)
  if (request === "unknown" || refreshes.isFull || now < parts.refreshesAt) return
  const idle = read.ids.flatMap((id, i) => (fills.has(id, now) ? [] : [i]))
  if (idle.length === 0) return
  counters.refresh(idle.length)
  const filled = Effect.catchCause(fill(parts, pick(read, idle)), (cause) => {
    parts.refreshesAt = monotonicMillis(clock) + pauseAfterFailure
    return Cause.hasDies(cause) ? Effect.logWarning("a read cache could not renew copies", cause) : Effect.void
  })
  const work = refreshes.start(caller.context, alone(filled))
  if (work !== undefined && request !== "shared") keepAlive(request, work)
}
