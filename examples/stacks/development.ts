/**
 * Stack.development: logs every operation with its values, and has a timeout.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Logger } from "effect"
import { KeyValue, Memory, Stack } from "effect-kv"

const Store = Memory.layer().pipe(Stack.development())

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
  yield* kv.get("alice", { collection: "users" })
  yield* kv.delete("bob", { collection: "users" })
})

program.pipe(Effect.provide([Store, Logger.layer([Logger.consoleLogFmt])]), NodeRuntime.runMain)

// Prints:
// timestamp=… message="put started" operation=put collection=users key=alice ttlMs=… value="{\"name\":\"Alice\"}"
// timestamp=… message="put finished" …
// timestamp=… message="get started" operation=get collection=users key=alice
// timestamp=… message="get finished" … hit=true value="{\"name\":\"Alice\"}"
// timestamp=… message="delete started" operation=delete collection=users key=bob
// timestamp=… message="delete finished" … deleted=0
