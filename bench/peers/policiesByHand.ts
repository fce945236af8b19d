import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { Driver, type KeyValueError } from "../../src/index.ts"

/** What a policy does, in the fewest steps that anybody could write it in for one store: the floor of what it can cost. */

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

/** The time that each operation takes, and their number, as metrics. */
const statistics = Driver.around((call, next) =>
  Effect.withFiber((fiber) => {
    const start = performance.now()
    return Effect.onExitPrimitive(next(call), () => {
      duration.updateUnsafe((performance.now() - start) / 1000, fiber.context)
      operations.updateUnsafe(1, fiber.context)
      return undefined
    })
  })
)

/** A schedule that is entered after the first failure. */
const retry = Driver.around((call, next) =>
  Effect.catchIf(
    Effect.suspend(() => next(call)),
    (error) => (error as KeyValueError.KeyValueError).retryable,
    () => Effect.retry(next(call), { times: 3 })
  )
)

/** A line for a failure, with the time that it took. */
const logging = Driver.around((call, next) =>
  Effect.withFiber(() => {
    const start = performance.now()
    return Effect.onExitPrimitive(next(call), (exit) =>
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
