/**
 * Compression: large values take less room.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Compression, KeyValue, Memory } from "effect-kv"

const Base = Memory.layer()
const Store = Base.pipe(Compression.wrap({ minSize: "1 KiB" }))

/** What the store below holds. */
const stored = (key: string) =>
  KeyValue.KeyValue.use((kv) => kv.get(key, { collection: "documents" })).pipe(Effect.provide(Base))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const document = { title: "Lorem", content: "lorem ipsum ".repeat(1000) }
  yield* kv.put("large", document, { collection: "documents" })
  yield* kv.put("small", { title: "Lorem" }, { collection: "documents" })

  const size = (value: unknown) => JSON.stringify(value).length
  yield* Console.log(`large: ${size(document)} characters, stored as ${size(yield* stored("large"))}`)
  yield* Console.log("in the envelope of py-key-value:", Object.keys(Object(yield* stored("large"))))
  yield* Console.log("small is stored as it is:", yield* stored("small"))

  const read = yield* kv.get("large", { collection: "documents" })
  yield* Console.log("read as it was written:", JSON.stringify(read) === JSON.stringify(document))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// large: 12030 characters, stored as …
// in the envelope of py-key-value: [
//   '__compressed_data__',
//   '__compression_algorithm__',
//   '__compression_version__'
// ]
// small is stored as it is: { title: 'Lorem' }
// read as it was written: true
