/**
 * Moves the entries of a `KeyValueStore` to SQLite while the application is in use.
 *
 * This program is a demonstration: it writes example data to a temporary directory. Run only `copyAll` on your data.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem, Layer, Option, Schema, Stream } from "effect"
import { KeyValueStore } from "effect/persistence"
import { Atomic, Collection } from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"
import { copyFrom, migratingFrom, sum } from "../migration.ts"
import * as OldStore from "./store.ts"

const Setting = Schema.Struct({ theme: Schema.String, changed: Schema.Date })

class Settings extends Collection.Service<Settings>()("settings", { schema: Setting, capabilities: [Atomic.Atomic] }) {}

const migrate = (directory: string) => {
  const Files = KeyValueStore.layerFileSystem(directory)
  const migration = {
    from: OldStore.layer({ prefixOf: (collection) => `${collection}/`, values: "json" }).pipe(Layer.provide(Files)),
    collections: ["settings"]
  }
  const New = Sqlite.layer({ filename: `${directory}.db` })

  /** The store of the application until everything is copied. */
  const Store = New.pipe(migratingFrom(migration))

  const application = Effect.gen(function* () {
    const settings = yield* Settings
    yield* Console.log("only in the old store:", yield* settings.getOrFail("1"))
    yield* settings.update(
      "2",
      Option.map((it) => ({ ...it, theme: "light" }))
    )
    yield* settings.delete("3")
  })

  const copyAll = Effect.flatMap(Stream.runCollect(copyFrom(migration)), (batches) => Console.log(batches.reduce(sum)))

  const check = Effect.gen(function* () {
    const settings = yield* Settings
    const found = yield* settings.getMany(["1", "2", "3"])
    yield* Console.log("settings:", found.map(Option.map(({ theme }) => theme)).map(Option.getOrUndefined))
  })

  /** What the old application has left. */
  const seed = Effect.gen(function* () {
    const store = yield* KeyValueStore.KeyValueStore
    const settings = KeyValueStore.toSchemaStore(KeyValueStore.prefix(store, "settings/"), Setting)
    for (let i = 0; i < 100; i++) yield* settings.set(`${i}`, { theme: "dark", changed: new Date(i) })
  })

  return Effect.gen(function* () {
    yield* Effect.provide(seed, Files)
    yield* Effect.provide(application, Settings.layer.pipe(Layer.provide(Store)))
    yield* Effect.provide(copyAll, New)
    yield* Effect.provide(copyAll, New) // It can be repeated.
    yield* Effect.provide(check, Settings.layer.pipe(Layer.provide(New))) // The old store is not needed any more.
  })
}

const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped()
  yield* migrate(`${directory}/settings`)
})

program.pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain)

// Prints:
// only in the old store: { theme: 'dark', changed: 1970-01-01T00:00:00.001Z }
// { collection: 'settings', copied: 98, skipped: 0, failed: [] }
// { collection: 'settings', copied: 0, skipped: 98, failed: [] }
// settings: [ 'dark', 'light', undefined ]
