/**
 * The same with a collection of effect-kv.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Option, Schema, Stream } from "effect"
import { Atomic, Collection, Enumeration, KeyValue, Maintenance } from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"

class Settings extends Collection.Service<Settings>()("settings", {
  schema: Schema.Struct({ theme: Schema.String, changed: Schema.Date, visits: Schema.Int }),
  capabilities: [Atomic.Atomic, Enumeration.Enumeration, Maintenance.Maintenance]
}) {}

// Without a file name, the database is in memory.
const Store = Sqlite.layer()

const program = Effect.gen(function* () {
  const settings = yield* Settings

  yield* settings.put("alice", { theme: "dark", changed: new Date(0), visits: 0 })
  yield* settings.put("bob", { theme: "light", changed: new Date(0), visits: 0 })
  yield* Console.log("alice:", yield* settings.getOrFail("alice"))
  const keys = yield* Stream.runCollect(settings.keys())
  yield* Console.log("keys:", keys.sort(), "has carol:", yield* settings.has("carol"))

  const visit = settings.update(
    "alice",
    Option.map((it) => ({ ...it, visits: it.visits + 1 }))
  )
  yield* Effect.replicateEffect(visit, 100, { concurrency: "unbounded" })
  yield* Console.log("counted all 100 visits:", (yield* settings.getOrFail("alice")).visits === 100)

  yield* settings.delete("bob")
  yield* KeyValue.KeyValue.use((kv) => kv.put("carol", "no settings", { collection: "settings" }))
  const damaged = yield* Effect.flip(settings.get("carol"))
  yield* Console.log("damaged:", damaged._tag)
  yield* settings.clear
  yield* Console.log("size:", yield* Stream.runCount(settings.keys()))
})

program.pipe(Effect.provide(Settings.layer.pipe(Layer.provideMerge(Store))), NodeRuntime.runMain)

// Prints:
// alice: { theme: 'dark', changed: 1970-01-01T00:00:00.000Z, visits: 0 }
// keys: [ 'alice', 'bob' ] has carol: false
// counted all 100 visits: true
// damaged: DeserializationError
// size: 0
