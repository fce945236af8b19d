/** Sqlite: the contract in memory and in a file, its tables, and the options of its layer. */
import * as fs from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as KeyValue from "../../src/KeyValue.ts"
import * as Maintenance from "../../src/Maintenance.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import * as StoreContract from "../../src/testing/StoreContract.ts"
import { connect, refused, rows, temporaryFile, withConnection, withStore } from "./sqlite/support.ts"

const cases = StoreContract.cases({ capabilities: StoreContract.allCapabilities })

describe("Sqlite in memory", () => {
  for (const { name, run } of cases) it.effect(name, () => Effect.provide(run, Sqlite.layer()))

  it.effect("does not share entries between two layers in memory", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(KeyValue.KeyValue, (kv) => kv.put("a", 1)).pipe(withStore())
      assert.isUndefined(yield* Effect.flatMap(KeyValue.KeyValue, (kv) => kv.get("a")).pipe(withStore()))
    })
  )
})

describe("Sqlite in a file", () => {
  for (const { name, run } of cases) {
    it.effect(name, () => Effect.flatMap(temporaryFile, (filename) => withStore({ filename })(run)))
  }

  it.effect("creates missing directories, and keeps entries after the layer was closed", () =>
    Effect.gen(function* () {
      const filename = join(yield* temporaryFile, "deep", "er", "test.db")
      const json = { b: [1, null, "\ud800", "\0"] }
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("json", json)
        yield* kv.put("bytes", Uint8Array.of(0, 255))
        yield* kv.put("short", 1, { ttl: "1 minute" })
      }).pipe(withStore({ filename }))
      yield* TestClock.adjust("30 seconds")
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        assert.deepStrictEqual(yield* kv.getMany(["json", "bytes"]), [json, Uint8Array.of(0, 255)])
        assert.deepStrictEqual((yield* kv.ttl("short"))?.ttl, Duration.seconds(30))
        yield* TestClock.adjust("30 seconds")
        assert.isUndefined(yield* kv.get("short"))
      }).pipe(withStore({ filename }))
    })
  )

  it.effect("uses a write-ahead log, which is removed when the last layer closes", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* Effect.gen(function* () {
        yield* (yield* KeyValue.KeyValue).put("a", 1)
        assert.isAbove(fs.statSync(`${filename}-wal`).size, 0)
      }).pipe(withStore({ filename }))
      assert.isFalse(fs.existsSync(`${filename}-wal`))
      const database = yield* connect(filename)
      assert.strictEqual(database.prepare("PRAGMA journal_mode").get()?.journal_mode, "wal")
      assert.strictEqual(rows(database), 1)
    })
  )

  it.effect("stores JSON as text and bytes as a blob, in one row per entry", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* TestClock.adjust("1 second")
        yield* kv.put("json", { a: 1 }, { collection: "c", ttl: "1 minute" })
        yield* kv.put("bytes", Uint8Array.of(1), { collection: "c" })
      }).pipe(Effect.provide(store))
      const all = database.prepare("SELECT key, typeof(entry) AS type, expires_at FROM entries ORDER BY key").all()
      assert.deepStrictEqual(
        all.map((row) => ({ ...row })),
        [
          { key: "bytes", type: "blob", expires_at: null },
          { key: "json", type: "text", expires_at: 61_000 }
        ]
      )
      assert.strictEqual(
        database.prepare("SELECT entry FROM entries WHERE key = 'json'").get()?.entry,
        '{"collection":"c","created_at":"1970-01-01T00:00:01+00:00","expires_at":"1970-01-01T00:01:01+00:00",' +
          '"key":"json","value":{"a":1},"version":1}'
      )
    })
  )
})

describe("Sqlite tables", () => {
  it.effect("in one file keep their entries apart, and clearing one table leaves the others unchanged", () =>
    Effect.gen(function* () {
      const { database, filename, store } = yield* withConnection
      database.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
      yield* Effect.gen(function* () {
        const first = yield* KeyValue.KeyValue
        yield* first.put("a", 1)
        yield* Effect.gen(function* () {
          const second = yield* KeyValue.KeyValue
          assert.isUndefined(yield* second.get("a"))
          yield* second.put("a", 2)
          assert.strictEqual(yield* (yield* Maintenance.Maintenance).clear, 1)
        }).pipe(withStore({ filename, table: 'a "second" table' }))
        assert.strictEqual(yield* first.get("a"), 1)
      }).pipe(Effect.provide(store))
      assert.strictEqual(rows(database, "theirs"), 1)
    })
  )

  it.effect("are shared by layers that name the same table", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* Effect.gen(function* () {
        const first = yield* KeyValue.KeyValue
        yield* first.put("a", 1)
        const second = yield* KeyValue.KeyValue.pipe(
          Effect.flatMap((kv) => kv.get("a")),
          withStore({ filename })
        )
        assert.strictEqual(second, 1)
      }).pipe(withStore({ filename }))
    })
  )
})

describe("Sqlite.layer", () => {
  const wrong: ReadonlyArray<readonly [string, Sqlite.Options]> = [
    ["table must have a name", { table: "" }],
    ["table must not be sqlite_entries", { table: "sqlite_entries" }],
    ["filename must not be empty", { filename: "" }],
    ["filename must not be empty or contain U+0000", { filename: "a\0b" }],
    ["busyTimeout must be", { busyTimeout: 0 }],
    ["busyTimeout must be a positive finite duration", { busyTimeout: "Infinity" }],
    ["synchronous must be", { synchronous: "off" as "full" }]
  ]
  for (const [reason, options] of wrong) {
    it.effect(`fails with StoreSetupError for ${JSON.stringify(options)}`, () =>
      Effect.map(refused(options), (error) => {
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.include(error.message, `Sqlite: ${reason}`)
      })
    )
  }

  it.effect("uses the given default collection", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("a", 1)
      assert.strictEqual(yield* kv.get("a", { collection: "mine" }), 1)
    }).pipe(withStore({ defaultCollection: "mine" }))
  )

  it.effect("reads its options from Config", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const store = Sqlite.layerConfig({
        filename: Config.String("FILE"),
        table: Config.String("TABLE"),
        busyTimeout: Config.Duration("BUSY")
      })
      const provider = ConfigProvider.fromUnknown({ FILE: filename, TABLE: "t", BUSY: "1 second" })
      yield* Effect.flatMap(KeyValue.KeyValue, (kv) => kv.put("a", 1)).pipe(
        Effect.provide(store.pipe(Layer.provide(ConfigProvider.layer(provider))))
      )
      assert.strictEqual(rows(yield* connect(filename), "t"), 1)
    })
  )

  it.effect("uses a given connection without changing its settings, and leaves it open", () =>
    Effect.gen(function* () {
      const database = yield* connect(yield* temporaryFile, { readBigInts: true, returnArrays: true })
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("a", 1, { ttl: "1 minute" })
        assert.deepStrictEqual((yield* kv.ttl("a"))?.ttl, Duration.minutes(1))
        assert.strictEqual(yield* kv.deleteMany(["a", "b"]), 1)
        yield* kv.putMany([
          ["a", 1],
          ["b", 1]
        ])
        assert.strictEqual(yield* (yield* Maintenance.Maintenance).clear, 2)
        yield* kv.put("a", 1, { ttl: "1 minute" })
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* (yield* Maintenance.Maintenance).removeExpired, 1)
      }).pipe(withStore({ database }))
      assert.isTrue(database.isOpen)
      assert.deepStrictEqual(database.prepare("PRAGMA journal_mode").get() as unknown, ["delete"])
    })
  )

  it.effect("refuses a file that is not a SQLite database", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      fs.writeFileSync(filename, "certainly not a database. ".repeat(400))
      const { message } = yield* refused({ filename })
      assert.include(message, "not a SQLite database")
      assert.include(message, filename)
    })
  )

  it.effect("refuses a directory, and a path that leads through a file", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      fs.mkdirSync(filename)
      assert.include((yield* refused({ filename })).message, "the file cannot be opened")
      fs.writeFileSync(join(filename, "file"), "")
      assert.include((yield* refused({ filename: join(filename, "file", "test.db") })).message, "cannot be opened")
    })
  )

  it.effect("refuses a read-only database", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* KeyValue.KeyValue.pipe(withStore({ filename }))
      assert.include((yield* refused({ filename: `file:${filename}?mode=ro` })).message, "the database is read-only")
    })
  )

  it.effect("refuses a table of a newer version, and a table of another program", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      database.exec("CREATE TABLE theirs (x)")
      assert.include((yield* refused({ database, table: "theirs" })).message, "effect-kv did not create it")
      yield* Effect.provide(KeyValue.KeyValue, store)
      database.exec("UPDATE effect_kv_tables SET schema_version = 99")
      assert.include((yield* refused({ database })).message, "version 99")
    })
  )

  it.effect(
    "refuses a closed connection, and refuses a connection inside a transaction but does not end that transaction",
    () =>
      Effect.gen(function* () {
        const { database } = yield* withConnection
        database.exec("BEGIN")
        assert.include((yield* refused({ database })).message, "within a transaction")
        assert.isTrue(database.isTransaction)
        database.close()
        assert.include((yield* refused({ database })).message, "not open")
      })
  )
})
