/**
 * Effect's KeyValueStore: settings in files.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem, Layer, Option, Schema } from "effect"
import { KeyValueStore } from "effect/persistence"

const Settings = Schema.Struct({ theme: Schema.String, changed: Schema.Date, visits: Schema.Int })

/** A directory that is removed at the end. */
const Store = Layer.unwrap(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return KeyValueStore.layerFileSystem(yield* fs.makeTempDirectoryScoped())
  })
).pipe(Layer.provide(NodeServices.layer))

const program = Effect.gen(function* () {
  const store = yield* KeyValueStore.KeyValueStore
  const settings = KeyValueStore.toSchemaStore(KeyValueStore.prefix(store, "settings/"), Settings)

  yield* settings.set("alice", { theme: "dark", changed: new Date(0), visits: 0 })
  yield* settings.set("bob", { theme: "light", changed: new Date(0), visits: 0 })
  yield* Console.log("alice:", Option.getOrThrow(yield* settings.get("alice")))
  yield* Console.log("keys:", [...(yield* settings.keys)].sort(), "has carol:", yield* settings.has("carol"))

  // A visit that reads the file while another one writes it may find no JSON.
  const visit = Effect.ignore(settings.modify("alice", (it) => ({ ...it, visits: it.visits + 1 })))
  yield* Effect.replicateEffect(visit, 100, { concurrency: "unbounded" })
  const alice = yield* Effect.orElseSucceed(settings.get("alice"), Option.none)
  yield* Console.log("counted all 100 visits:", Option.isSome(alice) && alice.value.visits === 100)

  yield* settings.remove("bob")
  yield* store.set("settings/carol", "no JSON")
  const damaged = yield* Effect.flip(settings.get("carol"))
  yield* Console.log("damaged:", damaged._tag)
  yield* settings.clear
  yield* Console.log("size:", yield* settings.size)
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// alice: { theme: 'dark', changed: 1970-01-01T00:00:00.000Z, visits: 0 }
// keys: [ 'alice', 'bob' ] has carol: false
// counted all 100 visits: false
// damaged: SchemaError
// size: 0
