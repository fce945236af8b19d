import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { canShare } from "#requests"

/** A request that is known: what belongs to it is shared within it. */
export interface Request {
  /** Keeps the request alive until a promise has settled, though it was answered. */
  readonly waitUntil: (promise: Promise<unknown>) => void
}

/**
 * The request that a fiber works for: `"shared"` where requests need not be told apart, `"unknown"` where they must be but
 * cannot. Then each operation counts as a request of its own.
 */
export const CurrentRequest = Context.Reference<Request | "shared" | "unknown">("effect-kv/Requests/Current", {
  defaultValue: () => (canShare ? "shared" : "unknown")
})

/** Whether what a fiber does may be shared with, or ended by, a fiber of any other request. */
export const isShared = (fiber: Fiber.Fiber<unknown, unknown>): boolean => fiber.getRef(CurrentRequest) === "shared"

/**
 * For how many milliseconds a call may hold what other requests wait for. A request that the runtime ends does not give
 * back what it holds, so that this is taken from it in the end.
 */
const longestHold = 30_000

/** After how many milliseconds what a fiber holds is taken from it. */
export const holdOf = (fiber: Fiber.Fiber<unknown, unknown>): number =>
  isShared(fiber) ? Number.POSITIVE_INFINITY : longestHold

/** Lets a request live until some work has ended, though it was answered before. */
export const keepAlive = (request: Request, work: Fiber.Fiber<unknown, unknown>): void => {
  const ended = new Promise<void>((resolve) => {
    work.addObserver(() => resolve())
  })
  Effect.runFork(Effect.ignoreCause(Effect.sync(() => request.waitUntil(ended))))
}
