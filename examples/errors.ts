/**
 * Errors are typed values. They say what went wrong, whether a retry makes sense, and whether a write may have been
 * applied.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, LimitSize, Memory, Timeout } from "effect-kv"
import { Unreachable } from "./support/remote.ts"
import { slow } from "./support/slow.ts"

const save = KeyValue.KeyValue.use((kv) => kv.put("report", "x".repeat(100), { collection: "documents" })).pipe(
  Effect.andThen(Console.log("saved")),
  // By tag: this error has its own fields.
  Effect.catchTag("EntryTooLargeError", ({ size, maxSize }) => Console.log(`too large: ${size} of ${maxSize} bytes`)),
  // By fields that all errors have.
  Effect.catchIf(
    (error) => error.outcome === "unknown",
    (error) => Console.log(`may have been saved (${error._tag}): read it before you write again`)
  ),
  Effect.catchIf(
    (error) => error.retryable,
    (error) => Console.log(`not saved, try again later (${error._tag})`)
  )
)

// A read cannot fail with `EntryTooLargeError`: `Effect.catchTag(load, "EntryTooLargeError", …)` does not compile.
const load = KeyValue.KeyValue.use((kv) => kv.get("report", { collection: "documents" }))

const program = Effect.gen(function* () {
  yield* save.pipe(Effect.provide(Memory.layer()))
  yield* save.pipe(Effect.provide(Memory.layer().pipe(LimitSize.wrap({ maxSize: 64 }))))
  yield* save.pipe(Effect.provide(Memory.layer().pipe(slow({ calls: 1, by: "1 hour" }), Timeout.wrap("20 millis"))))
  yield* save.pipe(Effect.provide(Unreachable))

  // A failure is never a miss: `undefined` only ever means that there is no such key.
  yield* load.pipe(
    Effect.catchTag("StoreUnavailableError", (error) => Console.log(error.message)),
    Effect.provide(Unreachable)
  )

  // Wrong options fail the build of the layer, never an operation.
  yield* save.pipe(
    Effect.provide(Memory.layer({ maxEntries: 0 })),
    Effect.catchTag("StoreSetupError", (error) => Console.log(error.message))
  )
})

program.pipe(NodeRuntime.runMain)

// Prints:
// saved
// too large: 102 of 64 bytes
// may have been saved (TimeoutError): read it before you write again
// not saved, try again later (StoreUnavailableError)
// get in collection "documents": the store is unavailable (there is no connection: connect ECONNREFUSED …).
// Memory: maxEntries must be a whole number of at least 1, not 0
