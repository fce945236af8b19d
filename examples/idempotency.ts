/**
 * `Idempotency.once`: a payment that is repeated, and charged once.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schema } from "effect"
import { Idempotency } from "effect-kv"
import { Remote } from "./support/remote.ts"

const Receipt = Schema.Struct({ number: Schema.Finite })

let charged = 0
const charge = Effect.delay(
  Effect.sync(() => ({ number: ++charged })),
  "5 millis"
)

const pay = (orderId: string) => Idempotency.once(`payment:${orderId}`, charge, { ttl: "1 day", success: Receipt })

const program = Effect.gen(function* () {
  const order = crypto.randomUUID()
  const receipts = yield* Effect.replicateEffect(pay(order), 3, { concurrency: "unbounded" })
  yield* Console.log(
    "receipts:",
    receipts.map(({ number }) => number)
  )
  yield* Console.log("later:", yield* pay(order))
  yield* Console.log("charged:", charged)
})

program.pipe(Effect.provide(Remote), NodeRuntime.runMain)

// Prints:
// receipts: [ 1, 1, 1 ]
// later: { number: 1 }
// charged: 1
