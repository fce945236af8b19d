import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { Driver, type KeyValueError } from "../../src/index.ts"

/**
 * Does what a policy does, in the fewest steps that are possible for one store. This is the minimum that a policy can
 * cost. (Operations are suspended, so that exceptions become defects.)
 */

/** A fiber and a timer for each operation, so that the caller is released at the limit. */
const timeout = Driver.around((call, next) =>
  Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      const child = Effect.runForkWith(fiber.context)(next(call))
      const done = child.pollUnsafe()
      if (done !== undefined) return resume(done)
      const timer = setTimeout(() => {
        child.interruptUnsafe()
        resume(Effect.die("it took too long"))
      }, 5000)
      child.addObserver((exit) => {
        clearTimeout(timer)
        resume(exit)
      })
      return Effect.sync(() => {
        clearTimeout(timer)
        child.interruptUnsafe()
      })
    })
  )
)

const attributes = { "db.system.name": "memory", "db.operation.name": "get" }
const duration = Metric.histogram("by_hand.duration", { attributes, boundaries: [0.001, 0.01, 0.1, 1] })
const operations = Metric.counter("by_hand.operations", { attributes })
const hits = Metric.counter("by_hand.hits", { attributes })

/** A histogram of operation times, for percentiles. */
const latencies = new Map<number, number>()

/** Records time, count and hits of operations as metrics, and the data for percentiles. */
export const measured = <A, E, R>(operation: () => Effect.Effect<A, E, R>, isRead: boolean): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const start = performance.now()
    return Effect.onExitPrimitive(Effect.suspend(operation), (exit) => {
      const millis = performance.now() - start
      const bucket = Math.ceil(Math.log(millis) * 50)
      latencies.set(bucket, (latencies.get(bucket) ?? 0) + 1)
      duration.updateUnsafe(millis / 1000, fiber.context)
      operations.updateUnsafe(1, fiber.context)
      if (isRead && exit._tag === "Success") hits.updateUnsafe(1, fiber.context)
      return undefined
    })
  })

const statistics = Driver.around((call, next) => measured(() => next(call), call._tag === "get"))

/** A schedule that starts after the first failure. */
const retry = Driver.around((call, next) =>
  Effect.catchIf(
    Effect.suspend(() => next(call)),
    (error) => (error as KeyValueError.KeyValueError).retryable,
    () => Effect.retry(next(call), { times: 3 })
  )
)

/** Logs one line for a failure, with its duration. */
const logging = Driver.around((call, next) =>
  Effect.withFiber(() => {
    const start = performance.now()
    return Effect.onExitPrimitive(
      Effect.suspend(() => next(call)),
      (exit) =>
        exit._tag === "Failure" ? Effect.logWarning("failed", { millis: performance.now() - start }) : undefined
    )
  })
)

export const policiesByHand = {
  timeout: Driver.wrapper(timeout),
  retry: Driver.wrapper(retry),
  statistics: Driver.wrapper(statistics),
  logging: Driver.wrapper(logging)
}
