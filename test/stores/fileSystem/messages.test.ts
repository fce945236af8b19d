/** Error messages of FileSystem and EffectStore, which must not contain keys. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FS from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import { KeyValue } from "../../../src/KeyValue.ts"
import * as EffectStore from "../../../src/stores/EffectStore.ts"
import * as FileSystem from "../../../src/stores/FileSystem.ts"
import { inDirectory } from "./steps.ts"

/** The file of the only entry below a directory. */
const fileBelow = (directory: string): string =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .find((path) => path.includes("session-4711"))!

it.effect("keeps keys out of the messages of file errors, and the path in their causes", () =>
  inDirectory((directory) =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      yield* kv.put("session-4711", 1)
      const file = fileBelow(directory)
      writeFileSync(file, "damaged")
      const damaged = yield* Effect.flip(kv.get("session-4711"))
      assert.strictEqual(damaged._tag, "DeserializationError")
      const fs = yield* FS.FileSystem
      yield* fs.remove(file)
      mkdirSync(file)
      const directoryInstead = yield* Effect.flip(kv.get("session-4711"))
      for (const error of [damaged, directoryInstead]) {
        assert.notInclude(error.message + JSON.stringify(error), "session-4711")
        assert.include(String("cause" in error && (error.cause as Error).message), "session-4711")
      }
    }).pipe(Effect.provide(FileSystem.layer({ directory, fsync: false })))
  )
)

it.effect("keeps keys out of the messages of errors of Effect's KeyValueStore", () =>
  Effect.gen(function* () {
    const refuse = (method: string) => (key: string) =>
      Effect.fail(new KeyValueStore.KeyValueStoreError({ method, key, message: `Unable to ${method} ${key}` }))
    const broken = Layer.succeed(
      KeyValueStore.KeyValueStore,
      KeyValueStore.makeStringOnly({
        get: refuse("get"),
        set: refuse("set"),
        remove: refuse("remove"),
        clear: Effect.void,
        size: Effect.succeed(0),
        keys: Effect.succeed([])
      })
    )
    const get = KeyValue.use((kv) => kv.get("session-4711"))
    const error = yield* Effect.flip(Effect.provide(get, EffectStore.layer().pipe(Layer.provide(broken))))
    assert.match(
      error.message,
      /^get in collection "default_collection": the store refused the operation \(get\w* failed\)/
    )
    assert.notInclude(JSON.stringify(error), "session-4711")
  })
)
