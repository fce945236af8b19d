/**
 * FileSystem: one file per entry, which you can read, edit and keep in version control.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem as Fs, Layer } from "effect"
import { FileSystem, KeyValue } from "effect-kv"

const program = Effect.gen(function* () {
  const fs = yield* Fs.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped()
  const Store = FileSystem.layer({ directory }).pipe(Layer.provide(NodeServices.layer))

  yield* KeyValue.KeyValue.use((kv) =>
    kv.put("theme", { dark: true, accent: "teal" }, { collection: "settings" })
  ).pipe(Effect.provide(Store))
  yield* Console.log("files:", yield* fs.readDirectory(directory, { recursive: true }))
  yield* Console.log(yield* fs.readFileString(`${directory}/settings/theme.json`))
})

program.pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain)

// Prints:
// files: [ 'settings', 'settings/theme.json' ]
// {"collection":"settings","created_at":"…","key":"theme","value":{"dark":true,"accent":"teal"},"version":1}
