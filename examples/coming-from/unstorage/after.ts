/**
 * The same with effect-kv.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem as Fs, Layer, Stream } from "effect"
import { CollectionRouting, Enumeration, FileSystem, KeyValue, Maintenance, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { plugged } from "../support.ts"

const redis = await plugged()

/** A directory that is removed at the end. */
const Files = Layer.unwrap(
  Effect.gen(function* () {
    const fs = yield* Fs.FileSystem
    return FileSystem.layer({ directory: yield* fs.makeTempDirectoryScoped() })
  })
).pipe(Layer.provide(NodeServices.layer))

const Store = Redis.layer({ url: redis.url, prefix: "example-app:" }).pipe(
  Timeout.wrap("1 second"),
  CollectionRouting.wrap({ images: Files })
)

const drafts = { collection: "drafts" }
const images = { collection: "images" }

/** The value, or the message of the error. */
const outcome = Effect.match({ onSuccess: (value: unknown) => value, onFailure: (error: Error) => error.message })

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const { keys } = yield* Enumeration.Enumeration
  const { clearCollection } = yield* Maintenance.Maintenance

  yield* clearCollection(drafts)
  yield* kv.put("a", { title: "A" }, { ...drafts, ttl: "1 hour" })
  const entries = [
    ["b", { title: "B" }],
    ["code", "42"],
    ["nothing", null]
  ] as const
  yield* kv.putMany(entries, drafts)
  yield* Console.log("draft:", yield* kv.get("a", drafts), "has:", yield* kv.has("z", drafts))
  yield* Console.log("drafts:", yield* kv.getMany(["a", "b", "z"], drafts))
  yield* Console.log("keys:", (yield* Stream.runCollect(keys(drafts))).sort())
  yield* Console.log("text and null:", yield* kv.getMany(["code", "nothing"], drafts))
  yield* kv.delete("b", drafts)
  yield* Console.log("removed:", yield* kv.get("b", drafts))

  yield* kv.put("logo", new Uint8Array([1, 2, 3]), images)
  yield* Console.log("image:", yield* kv.get("logo", images))

  yield* Effect.promise(redis.unplug)
  yield* Effect.sleep("50 millis")
  yield* Console.log("draft in the outage:", yield* outcome(kv.get("a", drafts)))
  yield* Console.log("image in the outage:", yield* outcome(kv.get("logo", images)))
})

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// draft: { title: 'A' } has: false
// drafts: [ { title: 'A' }, { title: 'B' }, undefined ]
// keys: [ 'a', 'b', 'code', 'nothing' ]
// text and null: [ '42', null ]
// removed: undefined
// image: Uint8Array(3) [ 1, 2, 3 ]
// draft in the outage: get in collection "drafts": the store is unavailable (there is no connection…).
// image in the outage: Uint8Array(3) [ 1, 2, 3 ]
