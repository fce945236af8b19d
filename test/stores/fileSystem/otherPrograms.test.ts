/** FileSystem beside other users and programs: permissions, foreign files, open files and few descriptors. */
import { execFile } from "node:child_process"
import * as nodeFs from "node:fs"
import { fileURLToPath } from "node:url"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FS from "effect/FileSystem"
import * as Layer from "effect/Layer"
import { systemError } from "effect/PlatformError"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as FileSystem from "../../../src/stores/FileSystem.ts"
import { buildError } from "../../support/faults.ts"
import { inDirectory, namesIn, open, whileTimePasses } from "./steps.ts"

const modeOf = (path: string) => (nodeFs.statSync(path).mode & 0o777).toString(8)

describe.skipIf(process.platform === "win32")("permissions", () => {
  it.effect("are for the owner only, for files and created directories", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { kv, maintenance } = yield* open(`${directory}/deep/down`)
        yield* kv.put("a", 1)
        yield* kv.put("b", 1, { ttl: "1 second" })
        yield* TestClock.adjust("1 second")
        yield* maintenance.removeExpired
        const paths = ["", "/down", "/down/default_collection", "/down/default_collection/.reclaim"]
        assert.deepStrictEqual(
          paths.map((path) => modeOf(`${directory}/deep${path}`)),
          paths.map(() => "700")
        )
        assert.strictEqual(modeOf(`${directory}/deep/down/default_collection/a.json`), "600")
      })
    )
  )

  it.effect("are set before a temporary file is written", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const { kv } = yield* open(directory, (name, [path]) =>
          Effect.sync(() => void (name === "writeAll" && seen.push(modeOf(String(path)))))
        )
        yield* kv.put("a", 1)
        nodeFs.chmodSync(`${directory}/default_collection/a.json`, 0o400)
        yield* kv.put("a", 2)
        assert.deepStrictEqual(seen, ["600", "400"])
      })
    )
  )

  it.effect("of an overwritten file are never wider than before, nor wider than the option", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const file = `${directory}/default_collection/a.json`
        const overwrite = Effect.fnUntraced(function* (before: number, options?: Partial<FileSystem.Options>) {
          const { kv } = yield* open(directory, undefined, options)
          yield* kv.put("a", 1)
          nodeFs.chmodSync(file, before)
          yield* kv.put("a", 2)
          assert.strictEqual(yield* kv.get("a"), 2)
          return modeOf(file)
        })
        assert.strictEqual(yield* overwrite(0o600), "600")
        assert.strictEqual(yield* overwrite(0o644), "600")
        assert.strictEqual(yield* overwrite(0o400), "400")
        nodeFs.chmodSync(file, 0o600)
        assert.strictEqual(yield* overwrite(0o000), "400", "its owner must be able to read it")
        nodeFs.chmodSync(file, 0o600)
        assert.strictEqual(yield* overwrite(0o600, { fileMode: 0o644 }), "600")
        assert.strictEqual(yield* overwrite(0o644, { fileMode: 0o644 }), "644")
      })
    )
  )

  it.effect("are those of the options, reduced by the umask", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { kv } = yield* open(directory, undefined, { fileMode: 0o664, directoryMode: 0o775 })
        yield* kv.put("a", 1)
        assert.strictEqual(modeOf(`${directory}/default_collection/a.json`), (0o664 & ~process.umask()).toString(8))
        assert.strictEqual(modeOf(`${directory}/default_collection`), (0o775 & ~process.umask()).toString(8))
      })
    )
  )

  it.effect("are refused when the owner could not use them", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        for (const options of [
          { fileMode: 0o444 },
          { fileMode: 600 },
          { directoryMode: 0o600 },
          { directoryMode: -1 }
        ]) {
          const error = yield* buildError(
            FileSystem.layer({ directory: `${directory}/new`, ...options }).pipe(Layer.provide(NodeServices.layer))
          )
          assert.strictEqual(error._tag, "StoreSetupError")
          assert.isFalse(nodeFs.existsSync(`${directory}/new`))
        }
      })
    )
  )
})

describe("files of other programs", () => {
  const uuid = "01234567-89ab-4cde-8f01-23456789abcd"

  it.effect("are never removed, however old they are and whatever their names are", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { kv, maintenance } = yield* open(directory)
        yield* kv.put("a", 1)
        const own = `${directory}/default_collection`
        const names = [
          ".draft.tmp",
          "plain.tmp",
          `.${uuid}-1.tmp`,
          ".effect-kv-.tmp",
          ".effect-kv-notes.tmp",
          `.effect-kv-${uuid}-1.tmp.bak`,
          "note.txt"
        ]
        for (const name of names) nodeFs.writeFileSync(`${own}/${name}`, "somebody else's")
        nodeFs.mkdirSync(`${own}/.reclaim/theirs/open`, { recursive: true })
        nodeFs.writeFileSync(`${own}/.reclaim/theirs/open/file`, "somebody else's")
        const temporary = `${own}/.effect-kv-${uuid}-1.tmp`
        nodeFs.writeFileSync(temporary, "")
        yield* TestClock.setTime(Date.now() + 2 * 3_600_000)
        yield* maintenance.removeExpired
        yield* maintenance.clear
        const left = yield* namesIn(own)
        assert.deepStrictEqual(
          left.filter((name) => !name.startsWith(".reclaim")),
          [...names].sort()
        )
        assert.isTrue(nodeFs.existsSync(`${own}/.reclaim/theirs/open/file`))
        assert.isFalse(nodeFs.existsSync(temporary), "its own is removed")
      })
    )
  )
})

describe("a file that another program has open", () => {
  /** Fails the first calls of a method on paths that are chosen, as Windows does while a scanner looks at the file. */
  const failing = (code: string, method: string, times: number, isChosen = (_: string) => true) => {
    let left = times
    return (name: string, [path]: ReadonlyArray<unknown>): Effect.Effect<void> =>
      name === method && isChosen(String(path)) && left-- > 0
        ? (Effect.fail(
            systemError({
              _tag: "PermissionDenied",
              module: "FileSystem",
              method,
              cause: Object.assign(new Error(code), { code })
            })
          ) as never)
        : Effect.void
  }

  for (const code of ["EPERM", "EACCES", "EBUSY"]) {
    for (const method of ["rename", "remove"]) {
      it.effect(`retries when ${method} fails with ${code}`, () =>
        inDirectory((directory) =>
          Effect.gen(function* () {
            const { kv, maintenance } = yield* open(directory, failing(code, method, 10))
            yield* whileTimePasses(kv.put("a", 1))
            assert.strictEqual(yield* kv.get("a"), 1)
            assert.isTrue(yield* whileTimePasses(kv.delete("a")))
            yield* whileTimePasses(kv.put("b", 1, { ttl: "1 hour" }))
            yield* TestClock.adjust("1 hour")
            assert.strictEqual(yield* whileTimePasses(maintenance.removeExpired), 1)
            assert.deepStrictEqual(
              (yield* namesIn(directory)).filter((name) => /tmp|json/.test(name)),
              []
            )
          })
        )
      )
    }
  }

  it.effect("fails the write after about a second of retries, and leaves nothing behind", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { kv } = yield* open(directory, failing("EPERM", "rename", Number.POSITIVE_INFINITY))
        const error = yield* whileTimePasses(Effect.flip(kv.put("a", 1)))
        assert.strictEqual(error._tag, "StoreError")
        assert.strictEqual("outcome" in error && error.outcome, "not-applied")
        assert.deepStrictEqual(yield* namesIn(directory), ["default_collection"])
      })
    )
  )

  it.effect("fails the write at once when the process may not change the directory", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        yield* (yield* open(directory)).kv.put("a", 1)
        const calls: Array<string> = []
        const { kv } = yield* open(directory, (name, args) => {
          calls.push(name)
          const denied = failing("EACCES", name, 1)
          return name === "rename" || name === "access" ? denied(name, args) : Effect.void
        })
        const error = yield* whileTimePasses(Effect.flip(kv.delete("a")))
        assert.strictEqual(error._tag, "StoreError")
        assert.strictEqual("outcome" in error && error.outcome, "not-applied")
        assert.deepStrictEqual(
          calls.filter((name) => name === "rename"),
          ["rename"]
        )
        assert.strictEqual(yield* kv.get("a"), 1)
      })
    )
  )

  it.effect("retries when the process has run out of descriptors", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FS.FileSystem
        yield* fs.makeDirectory(`${directory}/default_collection`)
        for (const code of ["EMFILE", "ENFILE"]) {
          const { kv } = yield* open(directory, failing(code, "open", 5))
          yield* whileTimePasses(kv.put("a", 1))
          const { kv: again } = yield* open(directory, failing(code, "readFile", 5))
          assert.strictEqual(yield* whileTimePasses(again.get("a")), 1)
          const { enumeration } = yield* open(directory, failing(code, "readDirectoryEntries", 5))
          assert.deepStrictEqual(yield* whileTimePasses(Stream.runCollect(enumeration.keys())), ["a"])
        }
      })
    )
  )
})

describe.skipIf(process.platform === "win32")("a process with few descriptors", () => {
  it.live(
    "runs 1,000 concurrent writes, reads and deletes, and 100 listings, without a failure",
    () =>
      inDirectory((directory) =>
        Effect.gen(function* () {
          const answer = yield* run(directory, 1000, 128)
          assert.deepStrictEqual(answer, { puts: 0, gets: 0, listings: 0, sweeps: 0, deletes: 0 })
        })
      ),
    120_000
  )
})

/** Runs `manyFiles.ts` with a limit on its descriptors, on the Node that runs this test. */
const run = (directory: string, count: number, limit: number) =>
  Effect.callback<unknown>((resume) => {
    const script = fileURLToPath(new URL("manyFiles.ts", import.meta.url))
    const child = execFile(
      "sh",
      [
        "-c",
        `ulimit -n ${limit} && exec "$0" "$@"`,
        process.execPath,
        "--conditions=@effect-kv/source",
        script,
        directory,
        String(count)
      ],
      (error, stdout, stderr) =>
        resume(error === null ? Effect.sync(() => JSON.parse(stdout)) : Effect.die(new Error(stderr, { cause: error })))
    )
    return Effect.sync(() => child.kill())
  })
