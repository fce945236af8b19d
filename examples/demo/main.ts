/**
 * Stores the `package.json` and README of every installed package through the production stack, reads them back while
 * the store fails now and then, and checks that all of them come back equal: `npm run demo -- --help`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem, Layer, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { Maintenance } from "effect-kv"
import { Manifests, Readmes, read } from "./documents.ts"
import { rows, table } from "./report.ts"
import * as store from "./store.ts"
import { all } from "./work.ts"

const flags = {
  url: Flag.Redacted("url").pipe(
    Flag.withDescription("A Redis to store in, such as redis://localhost:6379, in place of a SQLite file"),
    Flag.optional
  ),
  file: Flag.String("file").pipe(
    Flag.withDescription("The SQLite file, which is kept. Default: a temporary one"),
    Flag.optional
  ),
  packages: Flag.String("packages").pipe(
    Flag.withDescription("Where the packages are"),
    Flag.withDefault("node_modules")
  ),
  limit: Flag.Int("limit").pipe(Flag.withDescription("How many packages to read"), Flag.withDefault(10_000)),
  faultRate: Flag.Finite("fault-rate").pipe(
    Flag.withDescription("The share of calls to the store that fail, from 0 to 1"),
    Flag.withDefault(0.1)
  ),
  seed: Flag.String("seed").pipe(Flag.withDescription("For the same faults again"), Flag.withDefault("effect-kv"))
}

const demo = Command.make(
  "demo",
  flags,
  Effect.fn(function* ({ url, file, packages, limit, faultRate, seed }) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const filename = Option.isSome(file) ? file.value : path.join(yield* fs.makeTempDirectoryScoped(), "demo.sqlite")
    const documents = yield* read(packages, limit)
    yield* Console.log(
      `${documents.manifests.size} manifests and ${documents.readmes.size} READMEs, in ${Option.isSome(url) ? "Redis" : "SQLite"}, ` +
        `${faultRate * 100} % of the calls to it fail (seed ${JSON.stringify(seed)})\n`
    )
    const run = Effect.gen(function* () {
      const damages = yield* all(documents)
      yield* Console.log(`\n${table(yield* rows)}\n`)
      if (Option.isNone(file)) yield* Maintenance.Maintenance.use(({ clear }) => clear)
      return damages
    })
    const layer = Layer.mergeAll(Manifests.layer, Readmes.layer).pipe(
      Layer.provideMerge(store.layer({ url, file: filename, faultRate, seed }))
    )
    const damages = yield* Effect.provide(run, layer)
    if (damages.length > 0) {
      yield* Console.error(damages.map(({ key, what }) => `${key}: ${what}`).join("\n"))
      return yield* Effect.fail(`${damages.length} documents did not come back as they were stored`)
    }
    yield* Console.log("Every document came back as it was stored.")
  }, Effect.scoped)
).pipe(Command.withDescription("The production stack on real documents, with faults"))

demo.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
