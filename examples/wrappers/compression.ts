/**
 * Compression: stores large values in less space.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Compression, KeyValue, Memory } from "effect-kv"

const Base = Memory.layer()
const Store = Base.pipe(Compression.wrap({ minSize: "1 KiB" }))

/** The value as the store keeps it. */
const stored = (key: string) =>
  KeyValue.KeyValue.use((kv) => kv.get(key, { collection: "documents" })).pipe(Effect.provide(Base))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const document = { title: "Lorem", content: "lorem ipsum ".repeat(1000) }
  yield* kv.put("large", document, { collection: "documents" })
  yield* kv.put("small", { title: "Lorem" }, { collection: "documents" })

  const size = (value: unknown) => JSON.stringify(value).length
  yield* Console.log(`large: ${size(document)} characters, stored as ${size(yield* stored("large"))}`)
  yield* Console.log("in py-key-value's envelope:", Object.keys(Object(yield* stored("large"))))
  yield* Console.log("small is stored uncompressed:", yield* stored("small"))

  const read = yield* kv.get("large", { collection: "documents" })
  yield* Console.log("read what was written:", JSON.stringify(read) === JSON.stringify(document))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// large: 12030 characters, stored as …
// in py-key-value's envelope: [
//   '__compressed_data__',
//   '__compression_algorithm__',
//   '__compression_version__'
// ]
// small is stored uncompressed: { title: 'Lorem' }
// read what was written: true
