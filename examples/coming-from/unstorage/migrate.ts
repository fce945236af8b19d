/**
 * Moves the items of unstorage to effect-kv while the application is in use: drafts from Redis to Redis, and notes from files
 * to SQLite.
 *
 * This program is a demonstration: it writes example data, and clears its collections in the old and the new store. Run only
 * `copyAll` on your data.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Stream } from "effect"
import { CollectionRouting, KeyValue, Maintenance, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import * as Sqlite from "effect-kv/Sqlite"
import type { Redis as Client } from "ioredis"
import { createStorage } from "unstorage"
import fsDriver from "unstorage/drivers/fs-lite"
import redisDriver from "unstorage/drivers/redis"
import { copyFrom, migratingFrom, sum } from "../migration.ts"
import * as UnstorageStore from "./store.ts"

const url = process.env.REDIS_URL ?? "redis://localhost:6379"
const directory = await mkdtemp(join(tmpdir(), "unstorage-"))

const driver = redisDriver({ url, base: "example-old-app" })
const client = driver.getInstance?.() as unknown as Client
const storage = createStorage({ driver })
storage.mount("notes", fsDriver({ base: join(directory, "notes") }))

/** When an item in Redis expires. */
const expiresAt = async (key: string) => {
  const left = await client.pttl(`example-old-app:${key}`)
  return left > 0 ? Date.now() + left : undefined
}

const migration = {
  from: UnstorageStore.layer({ storage, expiresAt }).pipe(Timeout.wrap("1 second")),
  collections: ["drafts", "notes"]
}

const New = Redis.layer({ url, prefix: "example:" }).pipe(
  Timeout.wrap("1 second"),
  CollectionRouting.wrap({ notes: Sqlite.layer({ filename: join(directory, "notes.db") }) })
)

/** The store of the application until everything is copied. */
const Store = New.pipe(migratingFrom(migration))

const application = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* Console.log("only in the old store:", yield* kv.get("1", { collection: "drafts" }))
  yield* kv.put("2", { title: "changed" }, { collection: "drafts" })
  yield* kv.delete("3", { collection: "drafts" })
})

const copyAll = Effect.flatMap(Stream.runCollect(copyFrom(migration)), (batches) => Console.log(batches.reduce(sum)))

const check = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* Console.log("drafts:", yield* kv.getMany(["1", "2", "3"], { collection: "drafts" }))
  const { ttl } = (yield* kv.ttl("1", { collection: "drafts" }))!
  yield* Console.log("minutes left:", Math.round(Duration.toMinutes(ttl!)))
  yield* Console.log("note:", yield* kv.get("2026:12:01", { collection: "notes" }))
})

const clear = Maintenance.Maintenance.use(({ clear }) => clear)

/** What the old application has left. */
const seed = Effect.promise(async () => {
  const drafts = Array.from({ length: 1000 }, (_, i) => ({ key: `drafts:${i}`, value: { title: `Draft ${i}` } }))
  await storage.setItems(drafts.map((item) => ({ ...item, options: { ttl: 3600 } })))
  await storage.setItem("notes:2026:12:01", "a note")
})

const program = Effect.gen(function* () {
  yield* seed
  yield* Effect.provide(application, Store)
  yield* Effect.provide(copyAll, New)
  yield* Effect.provide(copyAll, New) // It can be repeated.
  yield* Effect.provide(check, New) // The old store is not needed any more.
  yield* Effect.provide(clear, Store)
})

const end = Effect.promise(async () => {
  await storage.dispose()
  await rm(directory, { recursive: true })
})

program.pipe(Effect.ensuring(end), NodeRuntime.runMain)

// Prints:
// only in the old store: { title: 'Draft 1' }
// { collection: 'all', copied: 999, skipped: 0, failed: [] }
// { collection: 'all', copied: 0, skipped: 999, failed: [] }
// drafts: [ { title: 'Draft 1' }, { title: 'changed' }, undefined ]
// minutes left: 60
// note: a note
