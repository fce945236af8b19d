import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { canShare } from "#requests"

/** A known request. Its operations may share work with each other. */
export interface Request {
  /** Keeps the request alive until a promise has settled, even after the response was sent. */
  readonly waitUntil: (promise: Promise<unknown>) => void
}

/**
 * The request that a fiber belongs to. With `"shared"`, requests may share work. With `"unknown"`, they may not, and the
 * request is not known, so that each operation counts as a request of its own.
 */
export const CurrentRequest = Context.Reference<Request | "shared" | "unknown">("effect-kv/Requests/Current", {
  defaultValue: () => (canShare ? "shared" : "unknown")
})

/** Whether a fiber may share work with other requests. */
export const isShared = (fiber: Fiber.Fiber<unknown, unknown>): boolean => fiber.getRef(CurrentRequest) === "shared"

/**
 * How long a call may hold a resource that other requests wait for, in milliseconds. A request that the runtime ends never
 * returns its resources.
 */
const longestHold = 30_000

/** After how many milliseconds a resource is taken from a fiber. */
export const holdOf = (fiber: Fiber.Fiber<unknown, unknown>): number =>
  isShared(fiber) ? Number.POSITIVE_INFINITY : longestHold

/** Keeps a request alive until a fiber has ended, even after the response was sent. */
export const keepAlive = (request: Request, work: Fiber.Fiber<unknown, unknown>): void => {
  const ended = new Promise<void>((resolve) => {
    work.addObserver(() => resolve())
  })
  Effect.runFork(Effect.ignoreCause(Effect.sync(() => request.waitUntil(ended))))
}
