/** Which replaced or deleted values can still be read in the database file, how it shrinks, and who may read it. */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Maintenance from "../../../src/Maintenance.ts"
import * as Rotation from "../../../src/Rotation.ts"
import * as Sqlite from "../../../src/stores/Sqlite.ts"
import * as Aead from "../../../src/wrappers/Aead.ts"
import { connect, refused, temporaryFile, withStore } from "./support.ts"

const secret = (key: number, version: number) =>
  `SECRET-${String(key).padStart(4, "0")}-${String(version).padStart(4, "0")}`

/** The secrets that can be read in the file, and in the log beside it. */
const readable = (filename: string): ReadonlyArray<string> => {
  const found = new Set<string>()
  for (const end of ["", "-wal"]) {
    if (!fs.existsSync(filename + end)) continue
    for (const match of fs.readFileSync(filename + end, "latin1").match(/SECRET-\d{4}-\d{4}/g) ?? []) found.add(match)
  }
  return [...found].sort()
}

const random = (seed: number) => (below: number) => {
  seed = (seed * 48_271) % 2_147_483_647
  return seed % below
}

/** Puts, replaces and deletes entries of all sizes. Returns the secrets of those that are left. */
const churn = (below: (n: number) => number) =>
  Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    const live = new Map<number, string>()
    for (let step = 0; step < 600; step++) {
      const key = below(100)
      if (below(4) === 0) {
        yield* kv.delete(`k${key}`)
        live.delete(key)
      } else {
        const value = { pad: "x".repeat(below(2) === 0 ? below(200) : below(15_000)), secret: secret(key, step) }
        yield* kv.put(`k${key}`, value)
        live.set(key, value.secret)
      }
    }
    return [...live.values()].sort()
  })

const sizeOf = (filename: string) => fs.statSync(filename).size

describe("values that were replaced or deleted", () => {
  it.effect("cannot be read in the file after Maintenance while the layer is open", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* Effect.gen(function* () {
        const maintenance = yield* Maintenance.Maintenance
        const live = yield* churn(random(1))
        assert.isAbove(readable(filename).length, live.length)
        yield* maintenance.removeExpired
        assert.deepStrictEqual(readable(filename), live)
        assert.strictEqual(sizeOf(`${filename}-wal`), 0)
        yield* maintenance.clear
        assert.deepStrictEqual(readable(filename), [])
      }).pipe(withStore({ filename }))
    })
  )

  it.effect("cannot be read in the file after the layer has closed while another connection is open", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const other = yield* connect(filename)
      other.exec("PRAGMA journal_mode = WAL; CREATE TABLE other (a)")
      const live = yield* churn(random(2)).pipe(withStore({ filename }))
      assert.deepStrictEqual(readable(filename), live)
      assert.strictEqual(sizeOf(`${filename}-wal`), 0)
    }).pipe(Effect.scoped)
  )

  it.effect("stay in the file when secureDelete is false", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const live = yield* churn(random(1)).pipe(withStore({ filename, secureDelete: false }))
      assert.isAbove(readable(filename).length, live.length)
    })
  )

  it.effect("cannot be read in the file after Rotation has encrypted them and the layer has closed", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const key = yield* Aead.generateKey
      const plain = Sqlite.layer({ filename })
      const encrypted = plain.pipe(Aead.wrap({ keys: [{ id: "1", key }], allowPlaintext: true }))
      const left = yield* Effect.provide(churn(random(3)), plain)
      assert.isAbove(left.length, 50)
      yield* Effect.provide(Stream.runDrain(Rotation.rotate()), encrypted)
      assert.deepStrictEqual(readable(filename), [])
    })
  )

  it.effect("are wiped by vacuum from a file of an older version, which can shrink from then on", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const database = yield* connect(filename)
      database.exec("PRAGMA journal_mode = WAL")
      const left = yield* churn(random(1)).pipe(withStore({ database }))
      database.close()
      assert.isAbove(readable(filename).length, left.length)
      yield* Sqlite.vacuum({ filename })
      assert.deepStrictEqual(readable(filename), left)
      const before = sizeOf(filename)
      yield* Effect.flatMap(Maintenance.Maintenance, ({ clear }) => clear).pipe(withStore({ filename }))
      assert.isBelow(sizeOf(filename), before / 4)
    })
  )

  it.effect("are not wiped from a given database, whose owner configures it", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const database = yield* connect(filename)
      database.exec("PRAGMA journal_mode = WAL; PRAGMA secure_delete = OFF")
      yield* Effect.gen(function* () {
        yield* churn(random(1))
        const log = sizeOf(`${filename}-wal`)
        yield* (yield* Maintenance.Maintenance).removeExpired
        assert.strictEqual(sizeOf(`${filename}-wal`), log)
      }).pipe(withStore({ database }))
      assert.deepStrictEqual(database.prepare("PRAGMA secure_delete").get(), { secure_delete: 0 })
    })
  )
})

describe("Maintenance", () => {
  const filled = Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    const pad = "x".repeat(3000)
    for (const collection of ["a", "b"]) {
      const entries = Array.from({ length: 2000 }, (_, i) => [`k${i}`, { pad, i }] as const)
      yield* kv.putMany(entries, { collection, ttl: collection === "a" ? "1 second" : "1 hour" })
    }
  })

  for (const operation of ["clear", "clearCollection", "removeExpired"] as const) {
    it.effect(`returns space to the file system with ${operation}`, () =>
      Effect.gen(function* () {
        const filename = yield* temporaryFile
        yield* Effect.gen(function* () {
          const maintenance = yield* Maintenance.Maintenance
          yield* filled
          yield* maintenance.removeExpired
          const before = sizeOf(filename)
          assert.isAbove(before, 12_000_000)
          yield* TestClock.adjust("1 second")
          if (operation === "clear") assert.strictEqual(yield* maintenance.clear, 2000)
          if (operation === "clearCollection")
            assert.strictEqual(yield* maintenance.clearCollection({ collection: "b" }), 2000)
          if (operation === "removeExpired") assert.strictEqual(yield* maintenance.removeExpired, 2000)
          assert.isBelow(sizeOf(filename), operation === "clear" ? 100_000 : before * 0.6)
          assert.strictEqual(sizeOf(`${filename}-wal`), 0)
        }).pipe(withStore({ filename }))
      })
    )
  }

  it.effect("succeeds while another connection reads, and truncates the log the next time", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* Effect.gen(function* () {
        const maintenance = yield* Maintenance.Maintenance
        yield* (yield* KeyValue.KeyValue).put("a", 1, { ttl: "1 second" })
        const reader = yield* connect(filename)
        reader.exec("BEGIN; SELECT count(*) FROM entries")
        yield* (yield* KeyValue.KeyValue).put("b", 1)
        yield* TestClock.adjust("1 second")
        const removal = yield* Effect.forkChild(maintenance.removeExpired)
        for (let i = 0; i < 50; i++) yield* TestClock.adjust("25 millis")
        assert.isDefined(removal.pollUnsafe())
        assert.isAbove(sizeOf(`${filename}-wal`), 0)
        reader.exec("COMMIT")
        yield* maintenance.removeExpired
        assert.strictEqual(sizeOf(`${filename}-wal`), 0)
      }).pipe(withStore({ filename }))
    }).pipe(Effect.scoped)
  )
})

describe("vacuum", () => {
  it.effect("fails with StoreSetupError when the file does not exist, and does not create it", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      assert.strictEqual((yield* Effect.flip(Sqlite.vacuum({ filename })))._tag, "StoreSetupError")
      assert.isFalse(fs.existsSync(filename))
    })
  )

  it.effect(
    "fails with StoreSetupError while another connection reads, because the file still holds deleted values",
    () =>
      Effect.gen(function* () {
        const filename = yield* temporaryFile
        const other = yield* connect(filename)
        other.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x); PRAGMA secure_delete = OFF")
        other.prepare("INSERT INTO t VALUES (?)").run("secret".repeat(1000))
        other.exec("DELETE FROM t; PRAGMA wal_checkpoint(TRUNCATE); BEGIN; SELECT count(*) FROM t")
        const vacuum = yield* Effect.forkChild(Effect.flip(Sqlite.vacuum({ filename, busyTimeout: "1 second" })))
        for (let i = 0; i < 200; i++) yield* TestClock.adjust("25 millis")
        assert.strictEqual((yield* vacuum.pollUnsafe() ?? Effect.die("it waits still"))._tag, "StoreSetupError")
        assert.include(fs.readFileSync(filename, "latin1"), "secretsecret")
        other.exec("COMMIT")
        yield* Sqlite.vacuum({ filename })
        assert.notInclude(fs.readFileSync(filename, "latin1"), "secretsecret")
      }).pipe(Effect.scoped)
  )

  it.effect("fails with StoreSetupError when a writer holds the lock for longer than busyTimeout", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* Effect.flatMap(KeyValue.KeyValue, (kv) => kv.put("a", 1)).pipe(withStore({ filename }))
      const writer = yield* connect(filename)
      writer.exec("BEGIN IMMEDIATE")
      const vacuum = yield* Effect.forkChild(Effect.flip(Sqlite.vacuum({ filename, busyTimeout: "1 second" })))
      for (let i = 0; i < 200; i++) yield* TestClock.adjust("25 millis")
      assert.strictEqual((yield* vacuum.pollUnsafe() ?? Effect.die("it waits still"))._tag, "StoreSetupError")
      writer.exec("ROLLBACK")
    }).pipe(Effect.scoped)
  )
})

describe.skipIf(process.platform === "win32")("permissions", () => {
  const modeOf = (path: string) => (fs.statSync(path).mode & 0o777).toString(8)
  const modes = (filename: string) => ["", "-wal", "-shm"].map((end) => modeOf(filename + end))
  const write = Effect.flatMap(KeyValue.KeyValue, (kv) => kv.put("a", 1))

  it.effect("are for the owner only, for the file, its log and created directories", () =>
    Effect.gen(function* () {
      const root = dirname(yield* temporaryFile)
      const filename = join(root, "deep/down/test.db")
      yield* Effect.gen(function* () {
        yield* write
        assert.deepStrictEqual(modes(filename), ["600", "600", "600"])
      }).pipe(withStore({ filename }))
      assert.deepStrictEqual([modeOf(dirname(filename)), modeOf(join(root, "deep"))], ["700", "700"])
    })
  )

  for (const [name, uriOf] of Object.entries({
    "a URI": (path: string) => `file:${path}`,
    "a URI with a VFS": (path: string) => `file:${path}?vfs=${process.platform === "win32" ? "win32" : "unix"}`,
    "a URI with an authority, a query and escapes": (path: string) =>
      `file://localhost${path.replace("test", "te%73t")}?cache=private#fragment`
  })) {
    it.effect(`are for the owner only when the filename is ${name}`, () =>
      Effect.gen(function* () {
        const filename = yield* temporaryFile
        yield* Effect.andThen(
          write,
          Effect.sync(() => assert.deepStrictEqual(modes(filename), ["600", "600", "600"]))
        ).pipe(withStore({ filename: uriOf(filename) }))
      })
    )
  }

  for (const escape of ["%00", "%FF", "%zz"]) {
    it.effect(`cannot be set for a URI with ${escape}, which is refused`, () =>
      Effect.gen(function* () {
        const filename = yield* temporaryFile
        assert.strictEqual((yield* refused({ filename: `file:${filename}${escape}` }))._tag, "StoreSetupError")
        assert.deepStrictEqual(fs.readdirSync(dirname(filename)), [])
      })
    )
  }

  it.effect("are for the owner only for a file that SQLite creates through a symbolic link", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const link = join(dirname(filename), "link.db")
      fs.symlinkSync(filename, link)
      yield* Effect.andThen(
        write,
        Effect.sync(() => assert.deepStrictEqual(modes(filename), ["600", "600", "600"]))
      ).pipe(withStore({ filename: link }))
    })
  )

  it.effect("are those of the options, except that an existing file keeps its own", () =>
    Effect.gen(function* () {
      const filename = join(dirname(yield* temporaryFile), "shared/test.db")
      yield* write.pipe(withStore({ filename, fileMode: 0o640, directoryMode: 0o750 }))
      assert.deepStrictEqual([modeOf(filename), modeOf(dirname(filename))], ["640", "750"])
      yield* Effect.gen(function* () {
        yield* write
        assert.deepStrictEqual(modes(filename), ["640", "640", "640"])
      }).pipe(withStore({ filename }))
    })
  )

  it.effect("are refused when the owner could not use them", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      for (const options of [{ fileMode: 0o440 }, { fileMode: 600 }, { fileMode: -1 }, { directoryMode: 0o600 }]) {
        assert.strictEqual((yield* refused({ filename, ...options }))._tag, "StoreSetupError")
        assert.isFalse(fs.existsSync(filename))
      }
    })
  )
})
