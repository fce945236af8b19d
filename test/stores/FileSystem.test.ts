/** FileSystem: the contract, its files and their names, links, writes, expiry and errors. */
import { execFileSync } from "node:child_process"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FS from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import { systemError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Enumeration } from "../../src/Enumeration.ts"
import { KeyValue } from "../../src/KeyValue.ts"
import { Maintenance } from "../../src/Maintenance.ts"
import * as FileSystem from "../../src/stores/FileSystem.ts"
import * as fileNames from "../../src/stores/fileSystem/fileNames.ts"
import { contract } from "../contract/suite.ts"
import { likeTheModel } from "../properties/likeTheModel.ts"
import { whileTimePasses } from "./fileSystem/steps.ts"

type Options = Partial<FileSystem.Options>

/** A store in a new temporary directory. */
const temporary = (options?: Options) =>
  Layer.unwrap(
    Effect.map(
      Effect.flatMap(FS.FileSystem, (fs) => fs.makeTempDirectoryScoped()),
      (directory) => FileSystem.layer({ directory, fsync: false, ...options })
    )
  ).pipe(Layer.provide(NodeServices.layer))

/** Runs a test that reads or changes the directory. */
const withStore = <A, E>(
  test: (directory: string) => Effect.Effect<A, E, KeyValue | Enumeration | Maintenance | FS.FileSystem | Path.Path>,
  options?: Options
) =>
  Effect.gen(function* () {
    const directory = yield* (yield* FS.FileSystem).makeTempDirectoryScoped()
    return yield* test(directory).pipe(Effect.provide(FileSystem.layer({ directory, fsync: false, ...options })))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** Runs a test with some methods of the file system replaced. */
const withBrokenStore = <A, E>(
  change: (fs: FS.FileSystem) => Partial<FS.FileSystem>,
  test: (directory: string) => Effect.Effect<A, E, KeyValue | Maintenance | FS.FileSystem>
) =>
  Effect.gen(function* () {
    const fs = yield* FS.FileSystem
    const directory = yield* fs.makeTempDirectoryScoped()
    const store = FileSystem.layer({ directory, fsync: false }).pipe(
      Layer.provide(Layer.succeed(FS.FileSystem, { ...fs, ...change(fs) }))
    )
    return yield* Effect.provide(test(directory), store)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const fails = (code: string, tag: "Unknown" | "PermissionDenied" | "Busy" = "Unknown") =>
  Effect.fail(
    systemError({ _tag: tag, module: "FileSystem", method: "test", cause: Object.assign(new Error(code), { code }) })
  )

const filesIn = (directory: string) =>
  Effect.flatMap(FS.FileSystem, (fs) =>
    Effect.map(fs.readDirectory(directory, { recursive: true }), (names) =>
      names.filter((name) => /\.(json|tmp|txt|md)$/.test(name)).sort()
    )
  )

const keys = (options?: { readonly collection?: string; readonly prefix?: string; readonly pageSize?: number }) =>
  Effect.flatMap(Enumeration, (enumeration) =>
    Effect.map(Stream.runCollect(enumeration.keys(options)), (names) => [...names].sort())
  )

const collections = (prefix = "") =>
  Effect.flatMap(Enumeration, (enumeration) =>
    Effect.map(Stream.runCollect(enumeration.collections({ prefix })), (names) => [...names].sort())
  )

contract("the store contract", temporary(), { capabilities: ["Enumeration", "Maintenance"] })

describe("FileSystem and the model", () => {
  likeTheModel("behaves like the model", temporary(), 20)
})

describe("layer", () => {
  it.effect("creates the directory", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        yield* KeyValue.use((kv) => kv.put("a", 1)).pipe(
          Effect.provide(FileSystem.layer({ directory: `${directory}/deep/down` }))
        )
        assert.deepStrictEqual(yield* filesIn(directory), ["deep/down/default_collection/a.json"])
      })
    )
  )

  it.effect("fails with StoreSetupError when it cannot create the directory", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const fs = yield* FS.FileSystem
        yield* fs.writeFileString(`${directory}/file`, "")
        const error = yield* Effect.flip(Layer.build(FileSystem.layer({ directory: `${directory}/file/below` })))
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.include(error.message, `${directory}/file/below`)
        const empty = yield* Effect.flip(Layer.build(FileSystem.layer({ directory: "" })))
        assert.strictEqual(empty._tag, "StoreSetupError")
      }).pipe(Effect.scoped)
    )
  )

  it.effect("uses the given default collection", () =>
    withStore(
      (directory) =>
        Effect.gen(function* () {
          yield* (yield* KeyValue).put("a", 1)
          assert.deepStrictEqual(yield* filesIn(directory), ["things/a.json"])
        }),
      { defaultCollection: "things" }
    )
  )

  it.effect("reads the entries that an earlier layer wrote", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        yield* (yield* KeyValue).put("a", new Uint8Array([0, 255]), { ttl: "1 minute" })
        const again = yield* KeyValue.use((kv) => kv.ttl("a")).pipe(Effect.provide(FileSystem.layer({ directory })))
        assert.deepStrictEqual(again, { value: new Uint8Array([0, 255]), ttl: Duration.minutes(1) })
      })
    )
  )
})

describe("files", () => {
  it.effect("stores one human-readable file per entry", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        yield* kv.put("theme", { dark: true }, { collection: "settings", ttl: "1 minute" })
        assert.deepStrictEqual(yield* filesIn(directory), ["settings/theme.json"])
        assert.deepStrictEqual(JSON.parse(yield* fs.readFileString(`${directory}/settings/theme.json`)), {
          collection: "settings",
          created_at: "1970-01-01T00:00:00+00:00",
          expires_at: "1970-01-01T00:01:00+00:00",
          key: "theme",
          value: { dark: true },
          version: 1
        })
      })
    )
  )

  it.effect("reads and lists a file that was written by hand", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const fs = yield* FS.FileSystem
        yield* fs.makeDirectory(`${directory}/settings`)
        yield* fs.writeFileString(`${directory}/settings/theme.json`, `\n{ "value": "dark" }\n`)
        assert.strictEqual(yield* (yield* KeyValue).get("theme", { collection: "settings" }), "dark")
        assert.deepStrictEqual(yield* keys({ collection: "settings" }), ["theme"])
      })
    )
  )

  it.effect("fails to read a file that is not an entry, and neither lists nor clears it", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        yield* kv.put("good", 1)
        yield* fs.writeFileString(`${directory}/default_collection/bad.json`, "{")
        yield* fs.writeFileString(`${directory}/default_collection/notes.txt`, "")
        yield* fs.writeFileString(`${directory}/default_collection/No Name Of Ours.json`, `{"value":1}`)
        yield* fs.writeFileString(`${directory}/README.md`, "")
        yield* fs.makeDirectory(`${directory}/empty`)
        const error = yield* Effect.flip(kv.getMany(["good", "bad"]))
        assert.strictEqual(error._tag, "DeserializationError")
        assert.deepStrictEqual(error.keys, ["bad"])
        assert.deepStrictEqual(yield* keys(), ["good"])
        assert.deepStrictEqual(yield* collections(), ["default_collection"])
        assert.strictEqual(yield* (yield* Maintenance).clear, 1)
        assert.deepStrictEqual(yield* filesIn(directory), [
          "README.md",
          "default_collection/No Name Of Ours.json",
          "default_collection/bad.json",
          "default_collection/notes.txt"
        ])
        assert.strictEqual(yield* kv.delete("bad"), true)
        assert.strictEqual(yield* kv.get("bad"), undefined)
      })
    )
  )

  it.effect("reads only the beginning of large files when it clears or removes expired entries", () =>
    withBrokenStore(
      () => ({ readFile: () => Effect.die("all of the file was read") }),
      () =>
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.put('text \\" é', "x".repeat(100_000), { ttl: "1 minute" })
          yield* kv.put("bytes", new Uint8Array(100_000))
          const maintenance = yield* Maintenance
          assert.strictEqual(yield* maintenance.removeExpired, 0)
          yield* TestClock.adjust("1 minute")
          assert.strictEqual(yield* maintenance.removeExpired, 1)
          assert.strictEqual(yield* maintenance.clear, 1)
        })
    )
  )

  it.effect("reads the whole file when the fields of an entry are in another order", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const fs = yield* FS.FileSystem
        yield* fs.makeDirectory(`${directory}/c`)
        const value = "x".repeat(10_000)
        yield* fs.writeFileString(`${directory}/c/python.json`, JSON.stringify({ value, key: "python" }))
        yield* fs.writeFileString(`${directory}/c/other.json`, JSON.stringify({ name: value }))
        assert.deepStrictEqual(yield* keys({ collection: "c" }), ["python"])
      })
    )
  )
})

describe("names", () => {
  const encode = (name: string) => Effect.flatMap(fileNames.makeEncode, (encode) => encode(name))

  for (const [name, file] of [
    ["package", "package"],
    ["user_1.settings-old", "user_1.settings-old"],
    ["alice@example.com", "alice@example.com"],
    ["User 1", "!user%201"],
    ["users/../../etc", "users%2F..%2F..%2Fetc"],
    ["..", "%2E%2E"],
    [".", "%2E"],
    [".hidden", "%2Ehidden"],
    ["trailing.", "trailing%2E"],
    ["trailing ", "trailing%20"],
    ["", "%"],
    ["%", "%25"],
    ["con", "%63on"],
    ["nul.txt", "%6Eul.txt"],
    ["com1", "%63om1"],
    ["CON", "!c!o!n"],
    ["console", "console"],
    ["progra~1", "progra%7E1"],
    ['a\\b:c*d?e"f<g>h|i', "a%5Cb%3Ac%2Ad%3Fe%22f%3Cg%3Eh%7Ci"],
    ["!a", "%21a"],
    ["\u0000", "%00"],
    ["é", "%C3%A9"],
    ["🌍", "%F0%9F%8C%8D"]
  ] as const) {
    it.effect(`encodes ${JSON.stringify(name)} as ${file}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* encode(name), file)
        assert.strictEqual(fileNames.decode(file), name)
      })
    )
  }

  it("does not decode file names that it never writes", () => {
    for (const file of ["Upper", "%c3%a9", "%C3", "a%", "%41", "a b", ".tmp", "con", "a.", "x".repeat(201), ""]) {
      assert.strictEqual(fileNames.decode(file), undefined, file)
    }
  })

  it.effect.prop(
    "encodes names reversibly, in at most 200 plain characters, and distinctly even if case is ignored",
    [Schema.String, Schema.String],
    ([one, other]) =>
      Effect.gen(function* () {
        if (!one.isWellFormed() || !other.isWellFormed()) return
        const [a, b] = [yield* encode(one), yield* encode(other)]
        for (const file of [a, b]) {
          assert.match(file, /^[a-z0-9_@+=,.!%~A-F-]{1,200}$/)
          assert.match(file, /^[^.](.*[^.])?$/)
        }
        assert.strictEqual(fileNames.isCut(a) ? one : fileNames.decode(a), one)
        assert.strictEqual(a.toLowerCase() === b.toLowerCase(), one === other)
      })
  )

  it.effect("keeps names of up to 200 characters whole, and cuts longer ones to 200", () =>
    Effect.gen(function* () {
      // An upper-case letter takes two characters.
      for (const name of ["x".repeat(200), `${"x".repeat(198)}A`]) {
        const file = yield* encode(name)
        assert.strictEqual(file.length, 200)
        assert.strictEqual(fileNames.decode(file), name)
      }
      for (const name of ["x".repeat(201), `${"x".repeat(199)}A`]) {
        const file = yield* encode(name)
        assert.strictEqual(file.length, 200)
        assert.isTrue(fileNames.isCut(file))
        assert.isUndefined(fileNames.decode(file))
      }
    })
  )

  it.effect("shortens long names and keeps them distinct", () =>
    Effect.gen(function* () {
      const name = "x".repeat(300)
      const file = yield* encode(name)
      assert.match(file, /^x{135}~[0-9a-f]{64}$/)
      assert.isTrue(fileNames.isCut(file))
      assert.notStrictEqual(yield* encode(`${name}y`), file)
      assert.strictEqual(fileNames.decode(file), undefined)
      // A key that looks like a shortened name gets a file name of its own.
      assert.notStrictEqual(yield* encode(file), file)
    })
  )

  it.effect("lists and clears entries with long names by the names in their files", () =>
    withStore(() =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const maintenance = yield* Maintenance
        const long = "x".repeat(300)
        const [other, collection] = [`${long}é`, `c${long}`]
        yield* kv.put(long, 1, { collection })
        yield* kv.put(other, 2, { collection })
        yield* kv.put("x", 3, { collection })
        assert.deepStrictEqual(yield* kv.getMany([long, other, "x"], { collection }), [1, 2, 3])
        assert.deepStrictEqual(yield* keys({ collection }), ["x", long, other])
        assert.deepStrictEqual(yield* keys({ collection, prefix: long }), [long, other])
        assert.deepStrictEqual(yield* collections("cx"), [collection])
        assert.deepStrictEqual(yield* collections("d"), [])
        assert.strictEqual(yield* kv.delete(long, { collection }), true)
        assert.strictEqual(yield* maintenance.clearCollection({ collection: `${collection}x` }), 0)
        assert.strictEqual(yield* maintenance.clearCollection({ collection }), 2)
      })
    )
  )

  it.effect("never returns the entry of another long key", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        const [one, other] = ["x".repeat(300), "x".repeat(301)]
        const path = (name: string) =>
          Effect.map(encode(name), (file) => `${directory}/default_collection/${file}.json`)
        yield* kv.put(one, 1)
        yield* fs.copyFile(yield* path(one), yield* path(other))
        const error = yield* Effect.flip(kv.get(other))
        assert.strictEqual(error._tag, "DeserializationError")
        assert.strictEqual(yield* kv.delete(other), false)
        assert.deepStrictEqual(yield* keys(), [one])
      })
    )
  )
})

describe("paths outside the directory", () => {
  it.effect("stays inside the directory for every key and collection", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        yield* fs.writeFileString(`${directory}/secret.json`, `{"value":"secret"}`)
        assert.strictEqual(yield* kv.get("../secret"), undefined)
        assert.strictEqual(yield* kv.get("secret", { collection: "." }), undefined)
        assert.strictEqual(yield* kv.get("secret", { collection: ".." }), undefined)
        yield* kv.put("../escaped", 1)
        yield* kv.put("escaped", 1, { collection: "../.." })
        assert.deepStrictEqual(yield* filesIn(directory), [
          "%2E.%2F.%2E/escaped.json",
          "default_collection/%2E.%2Fescaped.json",
          "secret.json"
        ])
      })
    )
  )

  const withLinks = <A, E>(
    test: (
      directory: string,
      elsewhere: string
    ) => Effect.Effect<A, E, KeyValue | Enumeration | Maintenance | FS.FileSystem>
  ) =>
    withStore((directory) =>
      Effect.gen(function* () {
        const fs = yield* FS.FileSystem
        const elsewhere = yield* fs.makeTempDirectoryScoped()
        yield* fs.writeFileString(`${elsewhere}/secret.json`, `{"value":"secret"}`)
        return yield* test(directory, elsewhere)
      }).pipe(Effect.scoped)
    )

  it.effect("refuses a collection that is a link to the outside of the directory", () =>
    withLinks((directory, elsewhere) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        const maintenance = yield* Maintenance
        yield* fs.symlink(elsewhere, `${directory}/c`)
        const collection = "c"
        const errors = [
          yield* Effect.flip(kv.get("secret", { collection })),
          yield* Effect.flip(kv.get("missing", { collection })),
          yield* Effect.flip(kv.put("secret", 1, { collection })),
          yield* Effect.flip(kv.delete("secret", { collection })),
          yield* Effect.flip(keys({ collection })),
          yield* Effect.flip(maintenance.clearCollection({ collection }))
        ]
        assert.deepStrictEqual(
          errors.map((error) => error._tag),
          errors.map(() => "StoreError")
        )
        assert.deepStrictEqual(yield* collections(), [])
        assert.strictEqual(yield* maintenance.clear, 0)
        assert.deepStrictEqual(yield* filesIn(elsewhere), ["secret.json"])
      })
    )
  )

  it.effect("refuses an entry that is a link to the outside of the directory", () =>
    withLinks((directory, elsewhere) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        yield* kv.put("other", 1)
        yield* fs.symlink(`${elsewhere}/secret.json`, `${directory}/default_collection/link.json`)
        assert.strictEqual((yield* Effect.flip(kv.get("link")))._tag, "StoreError")
        assert.strictEqual((yield* Effect.flip(kv.put("link", 1)))._tag, "StoreError")
        assert.strictEqual((yield* Effect.flip(kv.delete("link")))._tag, "StoreError")
        assert.deepStrictEqual(yield* keys(), ["other"])
        assert.strictEqual(yield* (yield* Maintenance).clear, 1)
        assert.include(yield* fs.readFileString(`${elsewhere}/secret.json`), "secret")
      })
    )
  )

  it.effect("follows links inside the directory in reads, and replaces them in writes", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        yield* kv.put("target", 1)
        yield* fs.symlink(`${directory}/default_collection`, `${directory}/alias`)
        yield* fs.symlink(`${directory}/default_collection/target.json`, `${directory}/default_collection/link.json`)
        assert.strictEqual(yield* kv.get("target", { collection: "alias" }), 1)
        assert.strictEqual(yield* kv.get("link"), 1)
        assert.deepStrictEqual(yield* keys(), ["link", "target"])
        assert.deepStrictEqual(yield* collections(), ["alias", "default_collection"])
        yield* kv.put("link", 2)
        assert.deepStrictEqual(yield* kv.getMany(["target", "link"]), [1, 2])
      })
    )
  )

  it.effect("treats a broken link as a miss", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        yield* kv.put("other", 1)
        yield* fs.symlink(`${directory}/nowhere`, `${directory}/default_collection/link.json`)
        assert.strictEqual(yield* kv.get("link"), undefined)
        assert.strictEqual(yield* kv.delete("link"), false)
        assert.deepStrictEqual(yield* keys(), ["other"])
        yield* kv.put("link", 1)
        assert.strictEqual(yield* kv.get("link"), 1)
      })
    )
  )
})

describe("pipes and directories in the place of files", () => {
  it.live("fails reads, writes and deletes of pipes and directories at once, and skips them in listings", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        const { keys, collections } = yield* Enumeration
        yield* kv.put("good", 1)
        const at = (name: string) => `${directory}/default_collection/${name}`
        execFileSync("mkfifo", [at("pipe.json")])
        yield* fs.symlink(at("pipe.json"), at("to-pipe.json"))
        yield* fs.makeDirectory(at("directory.json"))
        yield* fs.symlink(at("directory.json"), at("to-directory.json"))
        yield* fs.writeFileString(`${directory}/file`, "")
        yield* fs.symlink(`${directory}/file`, `${directory}/to-file`)
        for (const key of ["pipe", "to-pipe", "directory", "to-directory"]) {
          assert.strictEqual((yield* Effect.flip(kv.get(key)))._tag, "StoreError", key)
          assert.strictEqual((yield* Effect.flip(kv.delete(key)))._tag, "StoreError", key)
        }
        assert.strictEqual((yield* Effect.flip(kv.put("pipe", 1)))._tag, "StoreError")
        assert.deepStrictEqual(yield* Stream.runCollect(keys()), ["good"])
        assert.deepStrictEqual(yield* Stream.runCollect(collections()), ["default_collection"])
        assert.strictEqual(yield* (yield* Maintenance).clear, 1)
      })
    )
  )
})

describe("a file with the cut name of a key that holds the entry of another key", () => {
  it.effect("is neither returned by get nor removed by delete", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        const [one, other] = ["a", "b"].map((letter) => letter.repeat(300)) as [string, string]
        yield* kv.put(one, 1)
        const [file] = yield* filesIn(directory)
        yield* kv.put(other, 2)
        const from = (yield* filesIn(directory)).find((it) => it !== file)
        yield* fs.copyFile(`${directory}/${from}`, `${directory}/${file}`)
        assert.strictEqual((yield* Effect.flip(kv.get(one)))._tag, "DeserializationError")
        assert.isFalse(yield* kv.delete(one))
        assert.isTrue(yield* fs.exists(`${directory}/${file}`))
        assert.lengthOf(yield* filesIn(directory), 2)
        assert.strictEqual(yield* kv.get(other), 2)
      })
    )
  )
})

describe("writing", () => {
  it.effect("leaves no temporary files after a batch, with and without fsync", () =>
    Effect.forEach([true, false], (fsync) =>
      withStore(
        (directory) =>
          Effect.gen(function* () {
            const kv = yield* KeyValue
            yield* kv.putMany(Array.from({ length: 50 }, (_, i) => [`key_${i % 40}`, i]))
            assert.strictEqual((yield* filesIn(directory)).length, 40)
            assert.strictEqual(yield* kv.get("key_0"), 40)
          }),
        { fsync }
      )
    )
  )

  it.effect("replaces whole files, so that a reader sees one writer's value or the other's", () =>
    withStore(() =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const write = (letter: string) =>
          Effect.forEach(Array.from({ length: 40 }), () => kv.put("key", letter.repeat(50_000)), { discard: true })
        yield* kv.put("key", "a".repeat(50_000))
        const writers = yield* Effect.forkChild(Effect.all([write("a"), write("b")], { concurrency: 2 }))
        let reads = 0
        while (writers.pollUnsafe() === undefined) {
          assert.match(String(yield* kv.get("key")), /^(a{50000}|b{50000})$/)
          reads++
        }
        yield* Fiber.join(writers)
        assert.isAbove(reads, 0)
      })
    )
  )

  it.effect("changes nothing when a batch cannot be written", () => {
    let writes = 0
    return withBrokenStore(
      (fs) => ({
        open: (path, options) => (options?.flag === "wx" && ++writes > 3 ? fails("ENOSPC") : fs.open(path, options))
      }),
      (directory) =>
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.put("a", "old")
          const error = yield* Effect.flip(
            kv.putMany([
              ["a", "new"],
              ["b", "new"],
              ["c", "new"],
              ["d", "new"]
            ])
          )
          assert.strictEqual(error._tag, "StoreError")
          assert.strictEqual("outcome" in error && error.outcome, "not-applied")
          assert.include(error.message, "disk is full")
          assert.deepStrictEqual(yield* filesIn(directory), ["default_collection/a.json"])
          assert.strictEqual(yield* kv.get("a"), "old")
        })
    )
  })

  it.effect("reports an unknown outcome when a batch stops between two files", () => {
    let renames = 0
    return withBrokenStore(
      (fs) => ({ rename: (from, to) => (++renames === 2 ? fails("EIO") : fs.rename(from, to)) }),
      (directory) =>
        Effect.gen(function* () {
          const kv = yield* KeyValue
          const error = yield* Effect.flip(
            kv.putMany([
              ["a", 1],
              ["b", 2]
            ])
          )
          assert.strictEqual(error._tag, "StoreError")
          assert.strictEqual("outcome" in error && error.outcome, "unknown")
          assert.strictEqual((yield* filesIn(directory)).length, 1)
        })
    )
  })

  it.effect("leaves no temporary file when a write is interrupted", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        for (let turns = 0; turns < 20; turns++) {
          const fiber = yield* Effect.forkChild(
            kv.putMany(Array.from({ length: 20 }, (_, i) => [`key_${i}`, "x".repeat(10_000)]))
          )
          for (let i = 0; i < turns; i++) yield* (yield* FS.FileSystem).exists(directory)
          yield* Fiber.interrupt(fiber)
          assert.deepStrictEqual(
            (yield* filesIn(directory)).filter((name) => name.endsWith(".tmp")),
            []
          )
        }
      })
    )
  )

  it.effect("ignores temporary files of a crashed process, and removes them after an hour", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const fs = yield* FS.FileSystem
        const maintenance = yield* Maintenance
        yield* kv.put("a", 1)
        const temporary = `${directory}/default_collection/.effect-kv-01234567-89ab-4cde-8f01-23456789abcd-1.tmp`
        yield* fs.writeFileString(temporary, `{"value":1}`)
        // No process of this library makes such names.
        const foreign = [".effect-kv-1.tmp", "notes.tmp"].map((name) => `${directory}/default_collection/${name}`)
        for (const file of foreign) yield* fs.writeFileString(file, "")
        const { mtime } = yield* fs.stat(temporary)
        yield* TestClock.setTime(Option.getOrThrow(mtime).getTime() + 59 * 60 * 1000)
        assert.deepStrictEqual(yield* keys(), ["a"])
        assert.strictEqual(yield* maintenance.removeExpired, 0)
        assert.isTrue(yield* fs.exists(temporary))
        yield* TestClock.adjust("2 minutes")
        assert.strictEqual(yield* maintenance.removeExpired, 0)
        assert.isFalse(yield* fs.exists(temporary))
        assert.strictEqual(yield* kv.get("a"), 1, "entries that are older than an hour stay")
        assert.deepStrictEqual(yield* Effect.filter(foreign, fs.exists), foreign)
        assert.strictEqual(yield* maintenance.clear, 1)
      })
    )
  )
})

describe("expired entries", () => {
  it.effect("does not remove the file of an expired entry in reads and listings", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* kv.put("a", 1, { ttl: "1 second" })
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* kv.get("a"), undefined)
        assert.strictEqual(yield* kv.ttl("a"), undefined)
        assert.deepStrictEqual(yield* keys(), [])
        assert.deepStrictEqual(yield* collections(), [])
        assert.deepStrictEqual(yield* filesIn(directory), ["default_collection/a.json"])
        assert.strictEqual(yield* kv.delete("a"), false)
        assert.deepStrictEqual(yield* filesIn(directory), [])
      })
    )
  )

  it.effect("removes expired entries of all collections during writes", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        const expiring = (collection: string) =>
          kv.putMany(
            Array.from({ length: 60 }, (_, i) => [`key_${i}`, i]),
            { collection, ttl: "1 second" }
          )
        yield* expiring("one")
        yield* expiring("two")
        yield* TestClock.adjust("1 second")
        for (let i = 0; i < 150; i++) yield* kv.put("same", i, { collection: "three" })
        assert.deepStrictEqual(yield* filesIn(directory), ["three/same.json"])
      })
    )
  )

  it.effect("does not remove an expired entry that another process has just replaced", () => {
    let replace = Effect.void as Effect.Effect<unknown>
    return withBrokenStore(
      (fs) => ({
        rename: (from, to) =>
          to.endsWith("/open/entry") ? Effect.andThen(replace, fs.rename(from, to)) : fs.rename(from, to)
      }),
      (directory) =>
        Effect.gen(function* () {
          const kv = yield* KeyValue
          const fs = yield* FS.FileSystem
          yield* kv.put("a", "old", { ttl: "1 second" })
          yield* TestClock.adjust("1 second")
          replace = Effect.orDie(fs.writeFileString(`${directory}/default_collection/a.json`, `{"value":"new"}`))
          assert.strictEqual(yield* (yield* Maintenance).removeExpired, 0)
          assert.strictEqual(yield* kv.get("a"), "new")
          assert.deepStrictEqual(yield* filesIn(directory), ["default_collection/a.json"])
        })
    )
  })
})

describe("errors", () => {
  it.effect("reports in its error whether a retry may help", () =>
    Effect.forEach(
      [
        [fails("EACCES", "PermissionDenied"), "StoreError"],
        [fails("EBUSY", "Busy"), "StoreUnavailableError"],
        [fails("EMFILE"), "StoreUnavailableError"],
        [fails("EIO"), "StoreError"]
      ] as const,
      ([failure, tag]) =>
        withBrokenStore(
          () => ({ readFile: () => failure, rename: () => failure, remove: () => failure }),
          (directory) =>
            Effect.gen(function* () {
              const kv = yield* KeyValue
              const fs = yield* FS.FileSystem
              yield* fs.makeDirectory(`${directory}/c`)
              yield* fs.writeFileString(`${directory}/c/a.json`, `{"value":1}`)
              const read = yield* whileTimePasses(Effect.flip(kv.get("a", { collection: "c" })))
              const write = yield* whileTimePasses(Effect.flip(kv.put("a", 1, { collection: "c" })))
              const removal = yield* whileTimePasses(Effect.flip(kv.delete("a", { collection: "c" })))
              const clearing = yield* whileTimePasses(Effect.flip((yield* Maintenance).clear))
              for (const error of [read, write, removal, clearing]) {
                assert.strictEqual(error._tag, tag)
                assert.strictEqual(
                  "outcome" in error ? error.outcome : undefined,
                  error === read ? undefined : "not-applied"
                )
              }
            })
        )
    )
  )

  it.effect("fails with StoreError, instead of a miss, when the path of an entry is a directory", () =>
    withStore((directory) =>
      Effect.gen(function* () {
        const fs = yield* FS.FileSystem
        yield* fs.makeDirectory(`${directory}/default_collection/a.json`, { recursive: true })
        assert.strictEqual((yield* Effect.flip((yield* KeyValue).get("a")))._tag, "StoreError")
      })
    )
  )
})
