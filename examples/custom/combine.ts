/**
 * A wrapper made with `Driver.combine`, which makes one store from several.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, type Layer } from "effect"
import { Atomic, Driver, KeyValue, Memory } from "effect-kv"

/** Reads from a replica. Writes, and the reads of `Atomic`, go to the primary store. */
export const readingFrom = <Replica extends Layer.Layer<KeyValue.KeyValue, any, any>>(replica: Replica) =>
  Driver.wrapperOver([replica], (primary, [replica]) =>
    Effect.succeed(
      Driver.combine([primary, replica!], (call, [primary, replica]) => {
        const needsPrimary = Driver.isWrite(call) || (call._tag === "get" && call.versioned)
        return needsPrimary ? primary!(call) : replica!(call)
      })
    )
  )

/** Prints which store runs an operation. */
const announced = (name: string) =>
  Driver.wrapper(
    Driver.around((call, next) => Effect.andThen(Console.log(`${name}: ${call.place.operation}`), next(call)))
  )

// Here, both are the same store, instead of a primary server and its replica.
const Base = Memory.layer()
const Store = Base.pipe(announced("primary"), readingFrom(Base.pipe(announced("replica"))))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const atomic = yield* Atomic.Atomic
  yield* kv.put("visits", 1)
  yield* kv.get("visits")
  yield* Console.log(yield* atomic.update("visits", (visits) => Number(visits) + 1))
})

if (import.meta.main) program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// primary: put
// replica: get
// primary: update
// primary: update
// 2
