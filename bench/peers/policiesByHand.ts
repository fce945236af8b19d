import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { Driver } from "../../src/index.ts"

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

/** By the wrapper that does the same. */
export const policiesByHand = { Timeout: Driver.wrapper(timeout), Statistics: Driver.wrapper(statistics) }
