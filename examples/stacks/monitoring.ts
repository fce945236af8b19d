/**
 * Stack.monitoring: Logging (at level Debug), Tracing and Statistics. It observes every operation and changes nothing.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Logger, References } from "effect"
import { KeyValue, Memory, Stack, Statistics } from "effect-kv"

const Store = Memory.layer().pipe(Stack.monitoring({ store: "sessions" }))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users" })
  yield* kv.getMany(["alice", "bob"], { collection: "users" })

  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  for (const [operation, { calls, count, hitRate }] of Object.entries(total)) {
    yield* Console.log(operation, { calls, count, hitRate })
  }
})

program.pipe(
  Effect.provide([Store, Logger.layer([Logger.consoleLogFmt])]),
  Effect.provideService(References.MinimumLogLevel, "Debug"),
  NodeRuntime.runMain
)

// Prints:
// timestamp=… level=DEBUG … message="put finished" store=sessions operation=put collection=users key=alice …
// timestamp=… level=DEBUG … message="getMany finished" store=sessions operation=getMany … hits=1 misses=1
// put { calls: 1, count: 1, hitRate: undefined }
// get { calls: 1, count: 2, hitRate: 0.5 }
