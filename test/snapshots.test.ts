/**
 * Tests that each store still writes, and can still read, the data in `test/snapshots/`. No later version may fail to read
 * it, nor write anything else without a new version in the format.
 *
 * To make a new snapshot, run `NEW_SNAPSHOTS=1 npm test -- test/snapshots.test.ts`. Existing snapshots are never changed.
 */
import { deepStrictEqual } from "node:assert/strict"
import * as fs from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EffectKeyValueStore from "effect/persistence/KeyValueStore"
import * as TestClock from "effect/testing/TestClock"
import { KeyValue } from "../src/KeyValue.ts"
import * as EffectStore from "../src/stores/EffectStore.ts"
import * as FileSystem from "../src/stores/FileSystem.ts"
import * as Redis from "../src/stores/Redis.ts"
import * as Sqlite from "../src/stores/Sqlite.ts"
import type { Value } from "../src/Value.ts"
import { temporaryDirectory } from "./servers/process.ts"
import { describeWithRedis } from "./servers/redis.ts"
import { fakeStorage } from "./stores/effectStore/fakeStorage.ts"
import { connect, uniquePrefix } from "./stores/redis/support.ts"

const now = Date.UTC(2026, 10, 25, 12, 34, 56, 789)

const entries: ReadonlyArray<{
  readonly collection?: string
  readonly key: string
  readonly value: Value
  readonly ttl?: string
}> = [
  { key: "default", value: { in: "the default collection" } },
  {
    collection: "users",
    key: "user:123",
    value: { name: "Älice 世界 🌍", tags: ["a", null, true], n: -0.5 },
    ttl: "1 day"
  },
  { collection: "users", key: "User 1/2", value: { 'quote"': "\n\u0000\u007f\u2028 \ud800" } },
  { collection: "a:b::c%", key: "", value: { __proto__x: { z: 1, y: 2 } } },
  { collection: "Коллекция", key: "ключ 🔑", value: {} },
  { collection: "values", key: "list", value: [1, [2, { three: 3 }]] },
  { collection: "values", key: "text", value: '{"a": 1}', ttl: "36500 days" },
  { collection: "values", key: "null", value: null },
  { collection: "values", key: "negative-zero", value: -0 },
  { collection: "values", key: "large", value: 1e21 },
  { collection: "values", key: "bytes", value: Uint8Array.of(0, 1, 2, 255), ttl: "1 hour" },
  { collection: "values", key: "frame", value: Uint8Array.of(0xeb, 0x4b, 0x43, 1, 1, 0) },
  { collection: "long", key: "k".repeat(300), value: { a: "name that is cut in file systems" } }
]

const putAll = Effect.gen(function* () {
  yield* TestClock.setTime(now)
  const kv = yield* KeyValue
  for (const { key, value, ...options } of entries) yield* kv.put(key, value, options as { readonly ttl: "1 hour" })
})

const readAll = Effect.gen(function* () {
  yield* TestClock.setTime(now)
  const kv = yield* KeyValue
  for (const { key, value, collection } of entries) {
    deepStrictEqual(yield* kv.get(key, { collection }), value, `${collection}/${key}`)
  }
})

const directory = join(import.meta.dirname, "snapshots")

type Texts = Readonly<Record<string, string>>

/** Reads a snapshot. If it does not exist and `NEW_SNAPSHOTS=1` is set, the current data becomes the snapshot. */
const snapshot = (name: string, current?: Texts): Texts => {
  const file = join(directory, `${name}.json`)
  if (!fs.existsSync(file) && current !== undefined && process.env.NEW_SNAPSHOTS === "1") {
    fs.writeFileSync(file, `${JSON.stringify(current, Object.keys(current).sort(), 1)}\n`)
  }
  return JSON.parse(fs.readFileSync(file, "utf8")) as Texts
}

/** Text is kept, and bytes become text with a prefix. */
const shown = (stored: string | Uint8Array): string =>
  typeof stored === "string" ? stored : `base64:${Buffer.from(stored).toString("base64")}`

const original = (text: string): string | Buffer =>
  text.startsWith("base64:") ? Buffer.from(text.slice("base64:".length), "base64") : text

const filesIn = (directory: string): Texts =>
  Object.fromEntries(
    fs
      .readdirSync(directory, { recursive: true, encoding: "utf8", withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => {
        const bytes = fs.readFileSync(file)
        return [file.slice(directory.length + 1), shown(bytes[0] === 0xeb ? bytes : bytes.toString())]
      })
  )

const rowsOf = (filename: string): Texts => {
  const database = new DatabaseSync(filename)
  const rows = database.prepare("SELECT collection, key, expires_at, entry FROM entries").all()
  const schema = database.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").all()
  database.close()
  return Object.fromEntries([
    ...schema.map(({ name, sql }) => [`schema ${name}`, String(sql).replaceAll(/\s+/g, " ")]),
    ...rows.map(({ collection, key, expires_at, entry }) => [
      JSON.stringify([collection, key]),
      `${expires_at} ${shown(entry as string | Uint8Array)}`
    ])
  ])
}

describe("the data of a store", () => {
  it.effect("is the same as in the snapshot, and can be read, in FileSystem", () =>
    Effect.gen(function* () {
      const written = yield* temporaryDirectory
      const layer = (directory: string) =>
        FileSystem.layer({ directory, fsync: false }).pipe(Layer.provide(NodeServices.layer))
      yield* Effect.provide(putAll, layer(written))
      const expected = snapshot("filesystem", filesIn(written))
      assert.deepStrictEqual(filesIn(written), expected)

      const copied = yield* temporaryDirectory
      for (const [file, content] of Object.entries(expected)) {
        fs.mkdirSync(join(copied, file, ".."), { recursive: true })
        fs.writeFileSync(join(copied, file), original(content))
      }
      yield* Effect.provide(readAll, layer(copied))
    })
  )

  it.effect("is the same as in the snapshot, and can be read, in Sqlite", () =>
    Effect.gen(function* () {
      const filename = join(yield* temporaryDirectory, "written.db")
      yield* Effect.provide(putAll, Sqlite.layer({ filename }))
      assert.deepStrictEqual(rowsOf(filename), snapshot("sqlite", rowsOf(filename)))

      const file = join(directory, "sqlite.db")
      if (!fs.existsSync(file) && process.env.NEW_SNAPSHOTS === "1") fs.copyFileSync(filename, file)
      const copied = join(yield* temporaryDirectory, "copied.db")
      fs.copyFileSync(file, copied)
      assert.deepStrictEqual(rowsOf(copied), snapshot("sqlite"))
      yield* Effect.provide(readAll, Sqlite.layer({ filename: copied }))
    })
  )

  it.effect("is the same as in the snapshot, and can be read, in EffectStore", () =>
    Effect.gen(function* () {
      const layer = (storage: Storage) =>
        EffectStore.layer().pipe(Layer.provide(EffectKeyValueStore.layerStorage(() => storage)))
      const written = fakeStorage()
      yield* Effect.provide(putAll, layer(written))
      const names = Array.from({ length: written.length }, (_, i) => written.key(i)!)
      const texts = Object.fromEntries(names.map((name) => [name, written.getItem(name)!]))
      const expected = snapshot("effect-store", texts)
      assert.deepStrictEqual(texts, expected)

      const copied = fakeStorage()
      for (const [name, text] of Object.entries(expected)) copied.setItem(name, text)
      yield* Effect.provide(readAll, layer(copied))
    })
  )
})

describeWithRedis("the data of Redis", (server) => {
  for (const format of ["compact", "py-key-value"] as const) {
    it.effect(`is the same as in the snapshot, and can be read, in the format ${format}`, () =>
      Effect.gen(function* () {
        const { url } = server()
        const client = yield* connect(url)
        const written = uniquePrefix()
        yield* Effect.provide(putAll, Redis.layer({ url, prefix: written, format }))
        const names = yield* Effect.promise(() => client.keys(`${written}*`))
        const stored = yield* Effect.forEach(names, (name) => Effect.promise(() => client.getBuffer(name)))
        const texts = Object.fromEntries(
          names.map((name, i) => {
            const bytes = stored[i]!
            return [name.slice(written.length), shown(bytes[0] === 0xeb ? bytes : bytes.toString())]
          })
        )
        const expected = snapshot(`redis-${format}`, texts)
        assert.deepStrictEqual(texts, expected)

        const copied = uniquePrefix()
        for (const [name, content] of Object.entries(expected)) {
          yield* Effect.promise(() => client.set(copied + name, original(content)))
        }
        yield* Effect.provide(readAll, Redis.layer({ url, prefix: copied }))
      })
    )
  }
})
