/** Tests the examples of the pages "coming from …": what they print, and that entries move without being lost or revived. */
import { spawn, spawnSync } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import type { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Random, Stream } from "effect"
import { Atomic, Driver, Enumeration, KeyValue, KeyValueError, Maintenance, Memory } from "effect-kv"
import { StoreContract } from "effect-kv/testing"
import { Keyv } from "keyv"
import * as KeyvStore from "../../examples/coming-from/keyv/store.ts"
import { copyFrom, migratingFrom, sum } from "../../examples/coming-from/migration.ts"
import { command, describeWithOwnRedis } from "../servers/redis.ts"

const programs = globSync("examples/coming-from/*/{before,after,migrate}.ts").sort()

/** Log lines of Effect, with annotations and stack traces, which are indented or end with a brace. */
const logLine = /^\[\d\d:\d\d:\d\d\.\d{3}\] .*\n(?:(?: .*|\}.*)\n)*/gm

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")

/** Asserts that a program has printed what the comment at its end says. `…` stands for any text. */
const asserted = (file: string, output: string): void => {
  const comment = /^(?:\/\/|#) Prints:\n((?:(?:\/\/|#) .*\n)+)/m.exec(readFileSync(file, "utf8"))?.[1]
  assert.isDefined(comment, `${file} does not say what it prints`)
  const expected = comment
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^(?:\/\/|#) /, ""))
  const lines = output.replaceAll(logLine, "").trimEnd().split("\n")
  const shown = lines.map((line, i) =>
    new RegExp(`^${(expected[i] ?? "").split("…").map(literally).join(".*")}$`).test(line) ? expected[i]! : line
  )
  assert.deepStrictEqual(shown, expected)
}

interface Ended {
  readonly file: string
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Programs that run one after another. Each group has a database of its own, and the first one has what Python has written. */
const groups = [/py-key-value|bentocache|effect-key/, /cache-manager|keyv\//, /unstorage|effect-persisted/].map(
  (names) => programs.filter((file) => names.test(file))
)

const runAll = async (url: string): Promise<ReadonlyArray<Ended>> =>
  (await Promise.all(groups.map((group, database) => run(group, `${url}/${database}`)))).flat()

const run = async (programs: ReadonlyArray<string>, url: string): Promise<ReadonlyArray<Ended>> => {
  const { FORCE_COLOR: _, ...env } = process.env
  const args = ["--no-warnings", "--conditions=@effect-kv/source", "test/examples/runner.ts", ...programs]
  const options = {
    env: { ...env, NO_COLOR: "1", REDIS_URL: url },
    stdio: ["ignore", "ignore", "ignore", "pipe"]
  } as const
  const child = spawn(process.execPath, args, { ...options, stdio: [...options.stdio], timeout: 120_000 })
  const reports = await text(child.stdio[3] as Readable)
  return reports.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Ended]))
}

/** What the real py-key-value has written with the program of the page. */
const fromPython = JSON.parse(readFileSync("test/vectors/coming-from.json", "utf8"))

const python = process.env.PYTHON ?? "python3"
const hasPyKeyValue = spawnSync(python, ["-c", "import key_value.aio.stores.redis"]).status === 0

describeWithOwnRedis("the programs of the pages", (redis) => {
  let ended: ReadonlyArray<Ended>
  beforeAll(async () => {
    const value = Buffer.from(fromPython.value_base64, "base64")
    await Effect.runPromise(command(redis().port, "set", fromPython.key, value))
    ended = await runAll(redis().url)
  }, 150_000)

  for (const file of programs) {
    it(`${file} prints what its comment says`, () => {
      const found = ended.find((it) => it.file === file)
      assert.isDefined(found, "it did not end")
      assert.deepStrictEqual({ status: found.status, stderr: found.stderr }, { status: 0, stderr: "" }, found.stdout)
      asserted(file, found.stdout)
    })
  }

  it.skipIf(!hasPyKeyValue)("examples/coming-from/py-key-value/before.py prints what its comment says", () => {
    const file = "examples/coming-from/py-key-value/before.py"
    const { stdout, stderr } = spawnSync(python, [file], {
      encoding: "utf8",
      env: { ...process.env, REDIS_URL: redis().url }
    })
    assert.strictEqual(stderr, "")
    asserted(file, stdout)
  })
})

describe("before and after", () => {
  for (const before of programs.filter((file) => file.endsWith("before.ts"))) {
    it(`print the same steps: ${before}`, () => {
      const steps = (file: string) =>
        [...readFileSync(file, "utf8").matchAll(/^\/\/ ([^:[{]+):/gm)].map(([, step]) =>
          step!.replace(/deleteByTag|invalidateTags/, "tag")
        )
      assert.deepStrictEqual(steps(before.replace("before.ts", "after.ts")), steps(before))
    })
  }
})

/** A list of collections that has each one. */
const everyCollection = Object.assign([] as Array<string>, { includes: () => true })

describe("the wrapper for a migration", () => {
  const layer = Memory.layer().pipe(migratingFrom({ from: Memory.layer(), collections: everyCollection }))
  for (const { name, run } of StoreContract.cases({ capabilities: StoreContract.allCapabilities })) {
    it.effect(name, () => Effect.provide(run, layer))
  }
})

const inA = { collection: "a" }

/** Delays each call by up to five milliseconds, so that calls overlap in different ways. */
const delayed = Driver.wrapper(
  Driver.around((call, next) => Effect.flatMap(Random.nextIntBetween(0, 5), (ms) => Effect.delay(next(call), ms)))
)

describe("entries of the old store", () => {
  const Old = Memory.layer({
    seed: { a: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i}`, `old ${i}`])), b: { x: 1 } }
  })
  const migration = { from: Old.pipe(delayed), collections: ["a"] }
  const New = Memory.layer().pipe(delayed)
  const Store = New.pipe(migratingFrom(migration))

  it.live("are read, listed, updated and deleted through the new store", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const atomic = yield* Atomic.Atomic
      const { keys, collections } = yield* Enumeration.Enumeration
      assert.deepStrictEqual(yield* kv.getMany(["1", "no"], inA), ["old 1", undefined])
      assert.isFalse(yield* atomic.putIfAbsent("2", "new", inA))
      assert.strictEqual(yield* atomic.update("3", (value) => `${value}, updated`, inA), "old 3, updated")
      assert.strictEqual(yield* kv.deleteMany(["4", "4", "no"], inA), 1)
      assert.strictEqual(yield* kv.get("4", inA), undefined)
      yield* kv.put("5", "new", { ...inA, ttl: "20 millis" })
      yield* Effect.sleep("40 millis")
      assert.strictEqual(yield* kv.get("5", inA), undefined, "the older value does not come back")
      assert.strictEqual(yield* Stream.runCount(keys(inA)), 198)
      assert.deepStrictEqual(yield* Stream.runCollect(collections()), ["a"])
      assert.strictEqual(yield* kv.get("x", { collection: "b" }), undefined, "this collection does not move")
      const { clear } = yield* Maintenance.Maintenance
      yield* clear
      assert.strictEqual(yield* Stream.runCount(keys(inA)), 0)
    }).pipe(Effect.provide(Store))
  )

  it.live("are found while a write moves them to the new store", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      for (let i = 0; i < 20; i++) {
        const key = `${i}`
        const reads = Array.from({ length: 10 }, (_, j) => Effect.delay(kv.get(key, inA), j))
        const [values] = yield* Effect.all([Effect.all(reads, { concurrency: 10 }), kv.put(key, "new", inA)], {
          concurrency: 2
        })
        assert.notInclude(values, undefined)
      }
    }).pipe(Effect.provide(Store))
  )

  it.live("are neither lost nor revived when the application writes while they are copied", () =>
    Effect.gen(function* () {
      // Servers, which every layer reaches.
      const OldServer = Layer.succeedContext(yield* Layer.build(Old))
      const NewServer = Layer.succeedContext(yield* Layer.build(Memory.layer()))
      const migration = { from: OldServer.pipe(delayed), collections: ["a"] }
      const New = NewServer.pipe(delayed)
      const kv = Context.get(yield* Layer.build(New.pipe(migratingFrom(migration))), KeyValue.KeyValue)
      const expected = new Map<string, string>(Array.from({ length: 200 }, (_, i) => [`${i}`, `old ${i}`]))
      const write = (i: number) =>
        Effect.gen(function* () {
          const key = `${i}`
          yield* Effect.sleep(yield* Random.nextIntBetween(0, 40))
          if (i % 4 === 0) yield* kv.delete(key, inA)
          if (i % 4 === 1) yield* kv.put(key, `new ${i}`, inA)
          if (i % 4 === 2) yield* kv.put(key, `old ${i}`, inA)
          if (i % 4 === 0) expected.delete(key)
          if (i % 4 === 1) expected.set(key, `new ${i}`)
        })
      const copies = Stream.runFold(
        copyFrom(migration, { batchSize: 20 }),
        () => 0,
        (n, { copied }) => n + copied
      )
      yield* Effect.all(
        [
          Effect.forEach(
            Array.from({ length: 200 }, (_, i) => i),
            write,
            { concurrency: 200 }
          ),
          copies,
          copies
        ],
        { concurrency: 3 }
      ).pipe(Effect.provide(New))
      yield* Effect.provide(copies, New)
      const found = yield* Effect.provide(
        KeyValue.KeyValue.use((kv) =>
          kv.getMany(
            Array.from({ length: 200 }, (_, i) => `${i}`),
            inA
          )
        ),
        New
      )
      assert.deepStrictEqual(
        found,
        found.map((_, i) => expected.get(`${i}`))
      )
    }).pipe(Effect.scoped, Effect.repeat({ times: 4 }))
  )

  it.live("that cannot be read are reported, and the others are copied", () =>
    Effect.gen(function* () {
      const broken = Driver.wrapper((driver) => ({
        ...driver,
        get: (call) =>
          call.keys.includes("7")
            ? Effect.fail(new KeyValueError.DeserializationError({ ...call.place, reason: "it is damaged" }))
            : driver.get(call)
      }))
      const progress = yield* Stream.runCollect(copyFrom({ from: Old.pipe(broken), collections: ["a"] }))
      assert.deepStrictEqual(progress.reduce(sum), { collection: "a", copied: 199, skipped: 0, failed: ["7"] })
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.live("keep their TTL when they are copied", () =>
    Effect.gen(function* () {
      const keyv = new Keyv({ namespace: "a" })
      yield* Effect.promise(() => keyv.set("short", 1, 60_000))
      yield* Effect.promise(() => keyv.set("long", 2))
      const from = KeyvStore.layer({ open: () => keyv })
      yield* Stream.runDrain(copyFrom({ from, collections: ["a"] }))
      const [short, long] = yield* KeyValue.KeyValue.use((kv) => kv.ttlMany(["short", "long"], inA))
      assert.approximately(Duration.toSeconds(short!.ttl!), 60, 5)
      assert.deepStrictEqual(long, { value: 2, ttl: undefined })
    }).pipe(Effect.provide(Memory.layer()))
  )
})
