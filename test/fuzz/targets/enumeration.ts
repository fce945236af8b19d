/** Listings of stores that hold foreign names beside valid ones. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { NodeServices } from "@effect/platform-node"
import { Context, Effect, Layer, type Scope, Stream } from "effect"
import { Enumeration, FileSystem, KeyValue, Maintenance, PrefixKeys, SingleCollection } from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"
import * as Redis from "effect-kv/Redis"
import * as Sqlite from "effect-kv/Sqlite"
import { temporaryDirectory } from "../../servers/process.ts"
import { damaged } from "../mutations.ts"
import { build } from "../stack.ts"
import { type Instance, type Target, Violation } from "../target.ts"
import { texts } from "./effectStore.ts"
import { others } from "./fileSystem.ts"
import { prefix, server } from "./redis.ts"
import { expiries, inMemory } from "./sqlite.ts"

const good: Readonly<Record<string, ReadonlyArray<string>>> = {
  one: ["a", "b::c", "%41", "é", ""],
  "two::%": ["z", "\uFFFD"]
}

interface Store {
  readonly layer: Layer.Layer<KeyValue.KeyValue | Enumeration.Enumeration | Maintenance.Maintenance, unknown>
  /** Valid names in the form of the store. */
  readonly names: ReadonlyArray<string>
  /** Stores something under a name, and returns an effect that removes it. */
  readonly plant: (name: Uint8Array) => Effect.Effect<Effect.Effect<void>>
}

const entry = '{"value":{},"version":1}'

const target = (name: string, weight: number, make: Effect.Effect<Store, unknown, Scope.Scope>): Target => ({
  name: `names in ${name}`,
  weight,
  make: Effect.gen(function* () {
    const { layer, names, plant } = yield* make
    const context = yield* build(layer, (store) => store)
    const kv = Context.get(context, KeyValue.KeyValue)
    const { keys, collections } = Context.get(context, Enumeration.Enumeration)
    const maintenance = Context.get(context, Maintenance.Maintenance)
    for (const [collection, keys] of Object.entries(good)) {
      for (const key of keys) yield* kv.put(key, 1, { collection })
    }
    let unplant: Effect.Effect<void> = Effect.void
    const corpus = names.map((name) => Buffer.from(name))
    return {
      batch: 1,
      input: (dice) => damaged(dice, corpus),
      store: ([bytes]) =>
        Effect.gen(function* () {
          yield* unplant
          unplant = yield* plant(bytes!)
        }),
      ways: {
        keys: () => Effect.forEach(Object.entries(good), ([collection, all]) => complete(keys({ collection }), all)),
        "keys, one at a time": () => complete(keys({ collection: "one", pageSize: 1 }), good.one!),
        "keys with a prefix": () => complete(keys({ collection: "one", prefix: "b" }), ["b::c"]),
        collections: () => complete(collections(), Object.keys(good)),
        "collections, one at a time": () => complete(collections({ pageSize: 1 }), Object.keys(good)),
        removeExpired: () => Effect.andThen(maintenance.removeExpired, complete(collections(), Object.keys(good))),
        clear: () =>
          Effect.gen(function* () {
            yield* kv.put("k", 1, { collection: "scratch" })
            yield* maintenance.clearCollection({ collection: "scratch" })
            return yield* complete(keys({ collection: "one" }), good.one!)
          })
      }
    } satisfies Instance
  })
})

/** The listing must contain all valid names. */
const complete = <E>(names: Stream.Stream<string, E>, expected: ReadonlyArray<string>) =>
  Effect.flatMap(Stream.runCollect(names.pipe(Stream.take(10_000))), (found) => {
    const missing = expected.filter((name) => !found.includes(name))
    return missing.length === 0 && new Set(found).size === found.length && found.length < 10_000
      ? Effect.succeed(found.length)
      : Effect.fail(
          new Violation({ kind: "incomplete", detail: JSON.stringify({ missing, found: found.slice(0, 50) }) })
        )
  })

const ofRedis: Effect.Effect<Store, unknown, Scope.Scope> = Effect.map(server, ({ client, url }) => ({
  layer: Redis.layer({ url, prefix }),
  names: [`${prefix}one::x`, `${prefix}two%3A%3A%25::y`, `${prefix}::`, `${prefix}%FF::`],
  plant: (name) =>
    Effect.promise(async () => {
      const key = Buffer.from(name)
      if (await client.exists(key)) return Effect.void
      await client.set(key, entry)
      return Effect.promise(() => client.del(key))
    })
}))

const ofSqlite: Effect.Effect<Store, unknown, Scope.Scope> = Effect.map(inMemory, (database) => ({
  layer: Sqlite.layer({ database }),
  names: ["one\u0001x", "two::%\u0002y", "\u0003", "other\u0000k"],
  plant: (name) =>
    Effect.sync(() => {
      // The collection and the key, with the index of an expiry between them.
      const at = name.findIndex((byte) => byte < 16)
      const [collection, key] = at < 0 ? [name, name] : [name.slice(0, at), name.slice(at + 1)]
      const { changes, lastInsertRowid } = database
        .prepare(
          `INSERT OR IGNORE INTO entries (collection, key, expires_at, version, entry)
             VALUES (CAST(? AS TEXT), CAST(? AS TEXT), ?, '1.0', ?)`
        )
        .run(collection, key, expiries[(name[at] ?? 0) % expiries.length]!, entry)
      return changes === 0
        ? Effect.void
        : Effect.sync(() => void database.prepare("DELETE FROM entries WHERE rowid = ?").run(lastInsertRowid))
    })
}))

const ofFiles: Effect.Effect<Store, unknown, Scope.Scope> = Effect.map(temporaryDirectory, (directory) => ({
  layer: FileSystem.layer({ directory, fsync: false }).pipe(Layer.provide(NodeServices.layer)),
  names: [
    "one/x.json",
    "two%3A%3A%25/y.json",
    "%/!a.json",
    "three/%.json",
    `one/${"a".repeat(135)}~${"0".repeat(64)}.json`
  ],
  plant: (name) =>
    Effect.sync(() => {
      // Node's file system takes a path as a string, so damaged UTF-8 is kept as Latin-1.
      const parts = Buffer.from(name)
        .toString("latin1")
        .replaceAll("\0", "")
        .split("/")
        .filter((part) => !/^\.*$/.test(part))
      const [collection = "one", file = "x.json"] = parts
      const path = [directory, collection.slice(0, 120), file.slice(0, 120)].map((part) => Buffer.from(part, "latin1"))
      const folder = Buffer.concat([path[0]!, Buffer.from("/"), path[1]!])
      const target = Buffer.concat([folder, Buffer.from("/"), path[2]!])
      const made = mkdirSync(folder, { recursive: true })
      const unplant = () => {
        rmSync(target, { recursive: true, force: true })
        if (made !== undefined) rmSync(folder, { recursive: true })
      }
      const other = others[250 + (name.length % 12)]
      if (existsSync(target)) return Effect.void
      if (other === undefined) writeFileSync(target, entry)
      else other(target)
      return Effect.sync(unplant)
    })
}))

const ofTexts = (wrap: (layer: Store["layer"]) => Store["layer"]): Effect.Effect<Store> =>
  Effect.sync(() => {
    const all = new Map<string, string>()
    return {
      layer: wrap(EffectStore.layer().pipe(Layer.provide(texts(all)))),
      names: ["one::x", "two%3A%3A%25::y", "::", "%FF::", "all::one__x", "all::p:one__k", "one::p__x"],
      plant: (name) =>
        Effect.sync(() => {
          const text = Buffer.from(name).toString().replaceAll("\uFFFD", "\uD800")
          if (all.has(text)) return Effect.void
          const [collection = "", ...key] = text.split("::")
          const of = { collection, key: key.join("::") }
          all.set(text, name.length % 3 === 0 ? entry : JSON.stringify({ ...JSON.parse(entry), ...of }))
          return Effect.sync(() => void all.delete(text))
        })
    }
  })

export const enumeration: ReadonlyArray<Target> = [
  target("Redis", 3, ofRedis),
  target("Sqlite", 4, ofSqlite),
  target("FileSystem", 2, ofFiles),
  target(
    "EffectStore",
    3,
    ofTexts((store) => store)
  ),
  target(
    "one collection",
    3,
    ofTexts((store) => store.pipe(SingleCollection.wrap("all"), PrefixKeys.wrap("p")))
  )
]
