import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { FileSystem } from "../../src/index.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import { measure } from "../measure.ts"
import * as effectPersistence from "../peers/effectPersistence.ts"
import { ofLayer, ofPlain, type Store } from "../Store.ts"
import { oneKiB } from "../values.ts"
import type { Section } from "./Section.ts"

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-kv-bench-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

const bareSqlite = (filename: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new DatabaseSync(filename)),
      (database) => Effect.sync(() => database.close())
    ),
    (database) => {
      database.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT)"
      )
      const select = database.prepare("SELECT value FROM kv WHERE key = ?")
      const upsert = database.prepare("INSERT INTO kv VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
      return ofPlain("node:sqlite + JSON", {
        get: (key) => JSON.parse(String(select.get(key)!.value)),
        set: (key, value) => upsert.run(key, JSON.stringify(value))
      })
    }
  )

/** Stores on a local disk. */
export const embedded: Section = {
  name: "embedded",
  title: "Embedded",
  about:
    "Values of 1 KiB, 1,000 keys, one caller. SQLite in WAL mode with `synchronous = NORMAL`, one row per transaction. Files: one file per key.",
  needsRedis: false,
  run: Effect.fnUntraced(function* (plan) {
    const directory = yield* temporaryDirectory
    const measured = Effect.fnUntraced(function* (section: string, stores: ReadonlyArray<Store>) {
      for (const store of stores) yield* Effect.promise(() => store.fill(oneKiB))
      const candidates = stores.flatMap((store) => store.singles(oneKiB))
      const amount = { turns: plan.turns, callers: [1], latencies: plan.everything }
      return yield* Effect.promise(() => measure(section, candidates, amount))
    })
    const sqlite = yield* Effect.all([
      bareSqlite(join(directory, "bare.sqlite")),
      ofLayer("effect-kv Sqlite", Sqlite.layer({ filename: join(directory, "ours.sqlite") }))
    ])
    const ofSqlite = yield* measured("embedded", sqlite)
    if (!plan.everything) return ofSqlite
    const ours = (name: string, fsync: boolean) =>
      ofLayer(
        name,
        FileSystem.layer({ directory: join(directory, name), fsync }).pipe(Layer.provide(NodeServices.layer))
      )
    const files = yield* Effect.all([
      effectPersistence.keyValueStoreInFiles(join(directory, "effect")),
      ours("effect-kv FileSystem, fsync: false", false),
      ours("effect-kv FileSystem", true)
    ])
    return [...ofSqlite, ...(yield* measured("embedded, files", files))]
  })
}
