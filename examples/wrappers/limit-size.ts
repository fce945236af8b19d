/**
 * LimitSize: rejects or ignores values that are too large, or deletes their old entry.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { KeyValue, LimitSize, Memory } from "effect-kv"

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("document", "short", { collection: "documents" })
  yield* Effect.catchTag(
    kv.put("document", "long ".repeat(5000), { collection: "documents" }),
    "EntryTooLargeError",
    (error) => Console.log(`rejected: ${error.size} bytes, the limit is ${error.maxSize}`)
  )
  yield* Console.log("document:", yield* kv.get("document", { collection: "documents" }))
})

const withLimit = (onTooLarge: "fail" | "ignore" | "delete") =>
  Effect.provide(program, Memory.layer().pipe(LimitSize.wrap({ maxSize: "10 KiB", onTooLarge })))

const main = Effect.gen(function* () {
  yield* withLimit("fail")
  yield* withLimit("ignore") // keeps the old value, which may be stale
  yield* withLimit("delete")
})

main.pipe(NodeRuntime.runMain)

// Prints:
// rejected: 25002 bytes, the limit is 10240
// document: short
// document: short
// document: undefined
