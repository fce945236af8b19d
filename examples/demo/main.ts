/**
 * Stores the `package.json` and README of every installed package through the production stack, reads them back while
 * the store fails at random, and checks that all of them come back equal: `npm run demo -- --help`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Layer, Option } from "effect"
import { Command } from "effect/cli"
import { FernetEncryption } from "effect-kv"
import { Manifests, Readmes, read } from "./documents.ts"
import { flags } from "./flags.ts"
import { introduction, keptAt, rows, table, verdict } from "./report.ts"
import * as store from "./store.ts"
import { storeAndRead } from "./work.ts"

const demo = Command.make(
  "demo",
  flags,
  Effect.fn(function* (options) {
    const documents = yield* read(
      options.packages,
      Option.getOrElse(options.limit, () => Number.POSITIVE_INFINITY)
    )
    const key = yield* FernetEncryption.generateKey
    const place = yield* store.placeOf(options)
    const settings = { ...options, ...place, key }
    yield* Console.log(yield* introduction(documents, settings))

    const run = Effect.gen(function* () {
      const damages = yield* storeAndRead(documents, options)
      yield* Console.log(`\n${table(yield* rows)}\n`)
      return damages
    })
    const Collections = Layer.mergeAll(Manifests.layer, Readmes.layer).pipe(Layer.provideMerge(store.layer(settings)))
    const damages = yield* Effect.provide(run, Collections)

    if (settings.keep) yield* Console.log(keptAt(settings))
    yield* verdict(documents, damages)
  }, Effect.scoped)
).pipe(Command.withDescription("Runs the production stack on real documents, with injected faults"))

demo.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
