/**
 * getOrSet with a lease: one of several processes loads a value, and the others wait for it.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { KeyValue, Memory, Timeout } from "effect-kv"

const loadReport = (name: string) =>
  Console.log(`${name} runs the query`).pipe(Effect.andThen(Effect.sleep("100 millis")), Effect.as({ total: 42 }))

/** A process: its layer is its own, and the store below is the shared one. */
const process = (name: string, store: Layer.Layer<KeyValue.KeyValue>) =>
  KeyValue.KeyValue.use((kv) => kv.getOrSet("report", loadReport(name), { ttl: "1 hour", lease: "10 seconds" })).pipe(
    Effect.tap((report) => Console.log(`${name}:`, report)),
    Effect.provide(store.pipe(Timeout.wrap("1 second")))
  )

const program = Effect.gen(function* () {
  const store = Layer.succeedContext(yield* Layer.build(Memory.layer()))
  yield* process("first", store).pipe(
    Effect.zip(Effect.delay(process("second", store), "20 millis"), { concurrent: true })
  )
}).pipe(Effect.scoped)

program.pipe(NodeRuntime.runMain)

// Prints:
// first runs the query
// first: { total: 42 }
// second: { total: 42 }
