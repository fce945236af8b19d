/**
 * Sqlite: entries in a file, which outlive the process. There is nothing to install.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem } from "effect"
import { KeyValue } from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"

const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const filename = `${yield* fs.makeTempDirectoryScoped()}/app.db`

  const put = KeyValue.KeyValue.use((kv) => kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 day" }))
  const get = KeyValue.KeyValue.use((kv) => kv.get("alice", { collection: "users" }))

  // Each layer opens the file and closes it. Several processes may have it open at the same time.
  yield* put.pipe(Effect.provide(Sqlite.layer({ filename })))
  yield* Console.log("opened again:", yield* get.pipe(Effect.provide(Sqlite.layer({ filename }))))

  // With `synchronous: "full"`, an acknowledged write also survives a power failure.
  yield* put.pipe(Effect.provide(Sqlite.layer({ filename, table: "accounts", synchronous: "full" })))
  yield* Console.log("files:", yield* fs.readDirectory(filename.replace("/app.db", "")))
})

program.pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain)

// Prints:
// opened again: { name: 'Alice' }
// files: [ 'app.db' ]
