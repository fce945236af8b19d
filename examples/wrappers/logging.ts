/**
 * Logging: writes one line per operation to Effect's logger. Values are logged only if you enable it.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Logger, Redacted } from "effect"
import { KeyValue, Logging, Memory, ReadOnly } from "effect-kv"

const Default = Memory.layer().pipe(Logging.wrap({ store: "sessions" }))

const Verbose = Memory.layer().pipe(
  Logging.wrap({
    logStart: true,
    // Decides what is logged of each value.
    logValues: (value, { place }) => (place.collection === "users" ? Redacted.make(value) : value)
  })
)

const Failing = Memory.layer().pipe(ReadOnly.wrap(), Logging.wrap({ failureLevel: "Error" }))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
  yield* kv.getMany(["alice", "bob"], { collection: "users" })
})

const main = Effect.gen(function* () {
  yield* Effect.provide(program, Default)
  yield* Console.log("With values, partly redacted:")
  yield* Effect.provide(program, Verbose)
  yield* Console.log("A failure:")
  yield* Effect.ignore(Effect.provide(program, Failing))
})

main.pipe(Effect.provide(Logger.layer([Logger.consoleLogFmt])), NodeRuntime.runMain)

// Prints:
// timestamp=… level=INFO fiber=… message="put finished" store=sessions operation=put collection=users key=alice …
// timestamp=… message="getMany finished" … operation=getMany collection=users count=2 … hits=1 misses=1
// With values, partly redacted:
// timestamp=… message="put started" …
// timestamp=… message="put finished" … value="\"<redacted>\"" durationMs=…
// timestamp=… message="getMany started" …
// timestamp=… message="getMany finished" …
// A failure:
// timestamp=… level=ERROR … message="put failed" … error=ReadOnlyError retryable=false outcome=not-applied
