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
import { ofLayer, ofPlain } from "../Store.ts"
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

/** What is on the disk of one machine. */
export const embedded: Section = {
  name: "embedded",
  title: "Embedded",
  about:
    "Values of 1 KiB, 1,000 keys, one caller. SQLite in WAL mode with `synchronous = NORMAL`, one row a transaction.",
  needsRedis: false,
  run: Effect.fnUntraced(function* (plan) {
    const directory = yield* temporaryDirectory
    const files = (name: string, fsync: boolean) =>
      ofLayer(
        name,
        FileSystem.layer({ directory: join(directory, name), fsync }).pipe(Layer.provide(NodeServices.layer))
      )
    const stores = yield* Effect.all([
      bareSqlite(join(directory, "bare.sqlite")),
      ofLayer("effect-kv Sqlite", Sqlite.layer({ filename: join(directory, "ours.sqlite") })),
      ...(plan.everything ? [files("effect-kv FileSystem, fsync", true), files("effect-kv FileSystem", false)] : [])
    ])
    for (const store of stores) yield* Effect.promise(() => store.fill(oneKiB))
    return yield* Effect.promise(() =>
      measure(
        "embedded",
        stores.flatMap((store) => store.singles(oneKiB)),
        { rounds: plan.rounds, times: 1000 * plan.scale, callers: [1], latencies: plan.everything }
      )
    )
  })
}
