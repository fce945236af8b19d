/**
 * A wrapper made with `Driver.around`, which changes how operations run.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Option, Semaphore } from "effect"
import { Driver, KeyValue, KeyValueError, Memory } from "effect-kv"

/** Limits how many operations run at a time. Further operations fail with `BulkheadFullError`. */
export const bulkhead = (limit: number) =>
  Driver.wrapperEffect(
    Effect.gen(function* () {
      if (!(Number.isInteger(limit) && limit > 0)) {
        const reason = `the limit must be a whole number of at least 1, not ${limit}`
        return yield* new KeyValueError.StoreSetupError({ module: "Bulkhead", reason })
      }
      const permits = yield* Semaphore.make(limit)
      return Driver.around((call, next) =>
        Effect.flatMap(
          Semaphore.withPermitsIfAvailable(
            permits,
            1,
            Effect.suspend(() => next(call))
          ),
          Option.match({
            onNone: () => Effect.fail(new KeyValueError.BulkheadFullError({ ...call.place, limit })),
            onSome: Effect.succeed
          })
        )
      )
    })
  )

/** Delays every operation. */
const slow = Driver.wrapper(Driver.around((call, next) => Effect.delay(next(call), "20 millis")))

const Store = Memory.layer().pipe(slow, bulkhead(2))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const get = (key: string) =>
    kv.get(key).pipe(
      Effect.andThen(Console.log(key, "was answered")),
      Effect.catchTag("BulkheadFullError", (error) => Console.log(error.message))
    )
  yield* Effect.forEach(["a", "b", "c"], get, { concurrency: 3 })
  yield* get("d")
})

if (import.meta.main) program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// get in collection "default_collection": 2 calls are running or waiting already.
// a was answered
// b was answered
// d was answered
