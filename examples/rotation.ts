/**
 * Rotation: re-encrypts existing entries with a new key while the store is in use.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import { Aead, KeyValue, Rotation } from "effect-kv"
import { Remote } from "./support/remote.ts"

const program = Effect.gen(function* () {
  const [oldKey, newKey] = yield* Effect.all([Aead.generateKey, Aead.generateKey])
  const Before = Remote.pipe(Aead.wrap({ keys: [{ id: "2025", key: oldKey }] }))
  const During = Remote.pipe(
    Aead.wrap({
      keys: [
        { id: "2026", key: newKey },
        { id: "2025", key: oldKey }
      ]
    })
  )
  const After = Remote.pipe(Aead.wrap({ keys: [{ id: "2026", key: newKey }] }))

  const documents = Array.from({ length: 250 }, (_, i) => [`document-${i}`, { title: `Document ${i}` }] as const)
  yield* KeyValue.KeyValue.use((kv) => kv.putMany(documents, { collection: "documents", ttl: "1 day" })).pipe(
    Effect.provide(Before)
  )

  // By now all processes know both keys, and write with the new one.
  const rotate = Rotation.rotate({ chunkSize: 250 }).pipe(
    Stream.runForEach(({ collection, rotated, current, failed }) =>
      Console.log(`${collection}: ${rotated} re-encrypted, ${current} already current, ${failed.length} unreadable`)
    ),
    Effect.provide(During)
  )
  yield* rotate
  yield* rotate // Nothing is left to do: a rotation can be stopped and started again.

  const found = yield* KeyValue.KeyValue.use((kv) => kv.get("document-7", { collection: "documents" })).pipe(
    Effect.provide(After)
  )
  yield* Console.log("read with only the new key:", found)
})

program.pipe(Effect.provide(Remote), NodeRuntime.runMain)

// Prints:
// documents: 250 re-encrypted, 0 already current, 0 unreadable
// documents: 0 re-encrypted, 250 already current, 0 unreadable
// read with only the new key: { title: 'Document 7' }
