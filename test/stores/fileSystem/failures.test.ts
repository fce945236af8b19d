/** FileSystem's calls of the file system: fsync, failing calls, interruptions and a full disk. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FS from "effect/FileSystem"
import * as Option from "effect/Option"
import { systemError } from "effect/PlatformError"
import * as Scheduler from "effect/Scheduler"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { inDirectory, namesIn, open, type Store } from "./steps.ts"

const failure = (code: string) =>
  Effect.fail(
    systemError({
      _tag: "Unknown",
      module: "FileSystem",
      method: "test",
      cause: Object.assign(new Error(code), { code })
    })
  )

/** Fails the file system calls that `isChosen` picks by name and path, and records all calls. */
const failing = (code: string, isChosen: (name: string, path: string) => boolean) => {
  const calls: Array<string> = []
  return {
    calls,
    gate: (name: string, args: ReadonlyArray<unknown>) => {
      const path = String(args[0])
      calls.push(`${name} ${path}`)
      return (isChosen(name, path) ? failure(code) : Effect.void) as Effect.Effect<void>
    }
  }
}

const leftIn = (directory: string) =>
  Effect.map(namesIn(directory), (all) => all.filter((name) => /tmp|entry/.test(name)))

describe("fsync", () => {
  it.effect("flushes a file before it is renamed, and the directories of new names afterwards", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const calls: Array<string> = []
        const gate = (name: string, [path]: ReadonlyArray<unknown>) =>
          Effect.sync(() => void calls.push(`${name} ${String(path).replace(directory, "")}`))
        const { kv } = yield* open(directory, gate, { fsync: true })
        calls.length = 0
        yield* kv.put("a", 1)
        const steps = calls.filter((call) => /^(sync|rename|writeAll)/.test(call))
        assert.match(steps.join("\n"), /^writeAll (\S+\.tmp)\nsync \1\nrename \1\nsync \/default_collection\nsync $/)
        calls.length = 0
        yield* kv.delete("a")
        assert.deepStrictEqual(
          calls.filter((call) => call.startsWith("sync")),
          ["sync /default_collection"]
        )
      })
    )
  )

  it.effect("is not called without the option", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { gate, calls } = failing("", () => false)
        const { kv } = yield* open(directory, gate)
        yield* kv.put("a", 1)
        yield* kv.delete("a")
        assert.deepStrictEqual(
          calls.filter((call) => call.startsWith("sync")),
          []
        )
      })
    )
  )

  it.effect("fails the write with an unknown outcome when the directory cannot be flushed", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { gate } = failing("EIO", (name, path) => name === "sync" && path.endsWith("/default_collection"))
        const { kv } = yield* open(directory, gate, { fsync: true })
        for (const write of [kv.put("a", 1), kv.delete("a")]) {
          const error = yield* Effect.flip(write)
          assert.strictEqual(error._tag, "StoreError")
          assert.strictEqual("outcome" in error && error.outcome, "unknown")
        }
      })
    )
  )

  it.effect("is skipped for directories on systems that do not support it", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { gate } = failing("EISDIR", (name, path) => name === "open" && path.endsWith("/default_collection"))
        const { kv } = yield* open(directory, gate, { fsync: true })
        yield* kv.put("a", 1)
        assert.strictEqual(yield* kv.get("a"), 1)
      })
    )
  )
})

/** A store, and a function that interrupts an effect at its call number `at` of the file system. */
const interruptible = Effect.fnUntraced(function* (directory: string, at: number) {
  const arrived = yield* Deferred.make<void>()
  let calls = Number.NEGATIVE_INFINITY
  const store = yield* open(directory, () =>
    Effect.suspend(() =>
      // Yields, so that the fiber can be interrupted before the call.
      ++calls === at ? Effect.andThen(Deferred.succeed(arrived, undefined), Effect.yieldNow) : Effect.void
    )
  )
  /** Returns whether the effect has ended without making that call. */
  const interrupt = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
    calls = -1
    const fiber = yield* Effect.forkChild(effect)
    yield* Effect.raceFirst(Deferred.await(arrived), Fiber.await(fiber))
    const hasEnded = fiber.pollUnsafe() !== undefined
    yield* Fiber.interrupt(fiber)
    calls = Number.NEGATIVE_INFINITY
    return hasEnded
  })
  return { store, interrupt }
})

describe("interruptions", () => {
  const acts: Record<string, (store: Store) => Effect.Effect<unknown, unknown>> = {
    put: ({ kv }) => kv.put("a", "new"),
    putMany: ({ kv }) =>
      kv.putMany([
        ["a", "new"],
        ["b", "new"]
      ]),
    delete: ({ kv }) => kv.deleteMany(["a", "b"]),
    removeExpired: ({ maintenance }) => maintenance.removeExpired,
    clear: ({ maintenance }) => maintenance.clear,
    keys: ({ enumeration }) => Stream.runCollect(enumeration.keys())
  }

  for (const [name, act] of Object.entries(acts)) {
    it.effect(`leave nothing behind, and the store usable, at any file system call of ${name}`, () =>
      Effect.gen(function* () {
        for (let at = 0, ended = false; !ended; at++) {
          yield* inDirectory((directory) =>
            Effect.gen(function* () {
              const { store, interrupt } = yield* interruptible(directory, at)
              yield* store.kv.put("a", "old", { ttl: "1 second" })
              yield* store.kv.put("b", "old")
              yield* TestClock.adjust("1 second")
              ended = yield* interrupt(act(store))
              assert.deepStrictEqual(yield* leftIn(directory), [])
              const [a, b] = yield* store.kv.getMany(["a", "b"])
              assert.include([undefined, "new"], a)
              if (name === "putMany") assert.strictEqual(b, a ?? "old")
              yield* store.kv.put("a", "later")
              assert.strictEqual(yield* store.kv.get("a"), "later")
              assert.isTrue(yield* store.kv.delete("a"))
            })
          )
        }
      })
    )
  }

  it.effect("of delete at any file system call leaves no half-removed claim of a dead process", () =>
    Effect.gen(function* () {
      for (let at = 0, ended = false; !ended; at++) {
        yield* inDirectory((directory) =>
          Effect.gen(function* () {
            const { store, interrupt } = yield* interruptible(directory, at)
            const { kv } = store
            yield* kv.put("a", 1)
            const fs = yield* FS.FileSystem
            const collection = `${directory}/default_collection`
            const claim = `${collection}/.reclaim/01234567-89ab-4cde-8f01-23456789abcd-a.json`
            yield* fs.makeDirectory(`${claim}/open`, { recursive: true })
            yield* fs.rename(`${collection}/a.json`, `${claim}/open/entry`)
            ended = yield* interrupt(kv.delete("a"))
            assert.isFalse(yield* fs.exists(`${claim}/shut`))
          })
        )
      }
    })
  )

  it.effect("wait until a file is written, because its descriptor may be reused for another file", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const writing = yield* Deferred.make<void>()
        const written = yield* Deferred.make<void>()
        const { kv } = yield* open(directory, (name) =>
          name === "writeAll"
            ? Effect.andThen(Deferred.succeed(writing, undefined), Deferred.await(written))
            : Effect.void
        )
        const put = yield* Effect.forkChild(kv.put("a", 1))
        yield* Deferred.await(writing)
        const interruption = yield* Effect.forkChild(Fiber.interrupt(put))
        const fs = yield* FS.FileSystem
        for (let i = 0; i < 30; i++) yield* fs.exists(directory)
        assert.isUndefined(put.pollUnsafe())
        yield* Deferred.succeed(written, undefined)
        yield* Fiber.join(interruption)
        assert.deepStrictEqual(yield* leftIn(directory), [])
        assert.isUndefined(yield* kv.get("a"))
      })
    )
  )

  it.effect("leave nothing behind, and the store usable, between any two steps of a fiber", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const store = yield* open(directory)
        for (let steps = 3; steps < 160; steps += 3) {
          yield* store.kv.put("a", "old", { ttl: "1 second" })
          yield* TestClock.adjust("1 second")
          const fibers = yield* Effect.forEach(Object.values(acts), (act) =>
            Effect.provideService(Effect.forkChild(act(store)), Scheduler.MaxOpsBeforeYield, steps)
          )
          for (let turns = 0; turns < steps % 7; turns++) yield* Effect.yieldNow
          yield* Fiber.interruptAll(fibers)
          assert.deepStrictEqual(yield* leftIn(directory), [])
          yield* store.kv.put("a", "later")
          assert.strictEqual(yield* store.kv.get("a"), "later")
        }
      })
    )
  )
})

describe("removing expired files", () => {
  it.effect("fails when an expired file cannot be read, moved or removed, and leaves nothing behind", () =>
    Effect.forEach(
      [
        ["readAlloc", "a.json"],
        ["rename", "a.json"],
        ["makeDirectory", "open"]
      ] as const,
      ([method, end]) =>
        inDirectory((directory) =>
          Effect.gen(function* () {
            let isBroken = true
            const { gate } = failing("EIO", (name, path) => isBroken && name === method && path.endsWith(end))
            const { kv, maintenance } = yield* open(directory, gate)
            yield* kv.put("a", 1, { ttl: "1 second" })
            yield* TestClock.adjust("1 second")
            assert.strictEqual((yield* Effect.flip(maintenance.removeExpired))._tag, "StoreError", method)
            assert.deepStrictEqual(yield* leftIn(directory), [])
            isBroken = false
            assert.strictEqual(yield* maintenance.removeExpired, 1)
          })
        )
    )
  )

  it.effect("keeps entries older than an hour when keys are listed", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FS.FileSystem
        const { kv, enumeration } = yield* open(directory)
        yield* kv.put("a", 1)
        const { mtime } = yield* fs.stat(`${directory}/default_collection`)
        yield* TestClock.setTime(Option.getOrThrow(mtime).getTime() + 2 * 60 * 60 * 1000)
        yield* Stream.runCollect(enumeration.keys())
        assert.strictEqual(yield* kv.get("a"), 1)
      })
    )
  )

  it.effect("puts back a file that was replaced meanwhile, on a file system without hard links", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        let replace = Effect.void as Effect.Effect<unknown>
        const fs = yield* FS.FileSystem
        const { kv, maintenance } = yield* open(directory, (name, [path]) => {
          if (name === "link") return failure("ENOTSUP") as never
          return name === "rename" && String(path).endsWith("a.json") ? Effect.asVoid(replace) : Effect.void
        })
        yield* kv.put("a", "old", { ttl: "1 second" })
        yield* TestClock.adjust("1 second")
        replace = Effect.orDie(fs.writeFileString(`${directory}/default_collection/a.json`, `{"value":"by hand"}`))
        assert.strictEqual(yield* maintenance.removeExpired, 0)
        assert.strictEqual(yield* kv.get("a"), "by hand")
        assert.deepStrictEqual(yield* leftIn(directory), [])
      })
    )
  )
})

describe("a listing", () => {
  it.effect("fails when a link cannot be resolved, instead of leaving the entry out", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FS.FileSystem
        const { gate } = failing("EIO", (name, path) => name === "realPath" && path.endsWith("link.json"))
        const { kv, enumeration } = yield* open(directory, gate)
        yield* kv.put("a", 1)
        yield* fs.symlink(`${directory}/default_collection/a.json`, `${directory}/default_collection/link.json`)
        const error = yield* Effect.flip(Stream.runCollect(enumeration.keys()))
        assert.strictEqual(error._tag, "StoreError")
      })
    )
  )
})

describe("a full disk", () => {
  /** A disk with room for so many files. */
  const withRoomFor = (files: number) => {
    let directory = ""
    const gate = (name: string, [path]: ReadonlyArray<unknown>) =>
      name === "writeAll" && String(path).endsWith(".tmp")
        ? Effect.flatMap(FS.FileSystem, (fs) => fs.readDirectory(`${directory}/default_collection`)).pipe(
            Effect.flatMap((names) =>
              names.filter((it) => it.endsWith("json")).length >= files ? failure("ENOSPC") : Effect.void
            )
          )
        : Effect.void
    return { gate: gate as never, isAt: (at: string) => void (directory = at) }
  }

  it.effect("accepts single and batch writes when it holds only expired entries", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const { gate, isAt } = withRoomFor(40)
        isAt(directory)
        const { kv } = yield* open(directory, gate)
        for (let i = 0; i < 40; i++) yield* kv.put(`old-${i}`, i, { ttl: "1 second" })
        const error = yield* Effect.flip(kv.put("one more", 1))
        assert.strictEqual(error._tag, "StoreError")
        assert.strictEqual("outcome" in error && error.outcome, "not-applied")
        assert.include(error.message, "disk is full")
        yield* TestClock.adjust("1 second")
        yield* kv.put("new", 1)
        yield* kv.putMany([
          ["new-1", 1],
          ["new-2", 2]
        ])
        assert.deepStrictEqual(yield* kv.getMany(["new", "new-1", "new-2"]), [1, 1, 2])
      })
    )
  )
})
