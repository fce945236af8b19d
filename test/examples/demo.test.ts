/** Tests the demo as a user runs it: its output, its check of what came back, and its faults. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Fiber, Layer, Option, Ref, Stream, Terminal } from "effect"
import { TestClock } from "effect/testing"
import { Driver, Enumeration, FernetEncryption, KeyValue, Memory, Value } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { type Documents, Manifests, Readme, Readmes } from "../../examples/demo/documents.ts"
import { Faults, injected } from "../../examples/demo/faults.ts"
import { verdict } from "../../examples/demo/report.ts"
import { wrapped } from "../../examples/demo/store.ts"
import { compare, storeAndRead } from "../../examples/demo/work.ts"
import { temporaryDirectory } from "../servers/process.ts"
import { describeWithRedis } from "../servers/redis.ts"
import { runNode } from "../support/program.ts"

/** Runs the demo as `npm run demo` does, without a terminal. */
const demo = (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) =>
  Effect.map(runNode(["examples/demo/main.ts", ...args], env), ({ status, output, notes }) => ({
    status,
    output: output + notes
  }))

const valueOf = (output: string, row: string): string | undefined =>
  new RegExp(`│ ${row} +│ (.*?) +│`).exec(output)?.[1]

describe("the demo", () => {
  it.live("reads every document back while the store fails", () =>
    Effect.gen(function* () {
      const TMPDIR = yield* temporaryDirectory
      const { status, output } = yield* demo(["--limit", "40", "--fault-rate", "0.2", "--seed", "test"], { TMPDIR })
      assert.strictEqual(status, 0, output)
      assert.match(output, /✓ All \d+ documents came back as stored\./)
      assert.match(valueOf(output, "operations")!, /^\d+ calls for \d+ documents$/)
      assert.match(valueOf(output, "hit rate")!, /^\d+\.\d %/)
      assert.match(valueOf(output, "cache hits")!, /^[1-9]\d* of \d+/)
      assert.match(valueOf(output, "faults injected")!, /unavailable \d+, reply lost \d+, too slow \d+/)
      assert.match(valueOf(output, "errors at the store")!, /StoreUnavailableError \d+/)
      assert.isAbove(Number(valueOf(output, "retries")), 0)
      assert.strictEqual(valueOf(output, "errors that callers saw"), "none")
      assert.match(valueOf(output, "latency of get")!, /^p50 [\d.]+ ms, p90 [\d.]+ ms, p99 [\d.]+ ms$/)
      assert.match(valueOf(output, "bytes")!, /^[\d.]+ KiB raw, [\d.]+ KiB stored/)
      assert.notInclude(output, "\u001b", "colours are for terminals")
      assert.deepStrictEqual(readdirSync(TMPDIR), [], "the temporary file is removed")
    })
  )

  it.live("prints the table and fails when the store never works", () =>
    Effect.gen(function* () {
      const { status, output } = yield* demo(["--limit", "1", "--fault-rate", "1"])
      assert.strictEqual(status, 1, output)
      assert.match(valueOf(output, "errors that callers saw")!, /^(StoreUnavailableError|TimeoutError) \d/)
      assert.match(output, /✗ 2 documents did not come back as stored:\n {2}manifests\/\S+ failed with /)
    })
  )

  it.live("refuses invalid options", () =>
    Effect.forEach(
      [
        ["--fault-rate", "1.5"],
        ["--limit", "0"],
        ["--rounds", "-1"]
      ],
      Effect.fnUntraced(function* (args) {
        const { status, output } = yield* demo(args)
        assert.notStrictEqual(status, 0, output)
        assert.include(output, `Invalid value for flag ${args[0]}`)
      }),
      { concurrency: 2 }
    )
  )

  it.live("keeps the file of the option --file", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "demo.sqlite")
      const { status, output } = yield* demo(["--limit", "3", "--file", file, "--fault-rate", "0"])
      assert.strictEqual(status, 0, output)
      assert.strictEqual(valueOf(output, "retries"), "0")
      assert.strictEqual(valueOf(output, "faults injected"), "none")
      assert.include(output, `Kept in ${file}`)
      assert.isTrue(existsSync(file))
    })
  )
})

describeWithRedis("the demo on Redis", (redis) => {
  it.live("reads every document back, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const { status, output } = yield* demo(["--limit", "20", "--url", redis().url])
      assert.strictEqual(status, 0, output)
      assert.include(output, "into Redis")
      const left = Enumeration.Enumeration.use(({ collections }) => Stream.runCollect(collections())).pipe(
        Effect.provide(Redis.layer({ url: redis().url, prefix: "effect-kv-demo:" }))
      )
      assert.deepStrictEqual([...(yield* left)], [])
    })
  )
})

const documents: Documents = {
  manifests: new Map([
    ["a", { name: "a", version: "1.0.0", files: ["x"] }],
    ["b", { name: "b", version: "2.0.0" }]
  ]),
  readmes: new Map([["a", new Readme({ file: "README.md", modified: Option.some(new Date(0)), text: "# a" })]])
}

const silent = Layer.mergeAll(
  Layer.mock(Terminal.Terminal)({ "~effect/Terminal": "~effect/Terminal", display: () => Effect.void }),
  Layer.succeed(Console.Console, { ...globalThis.console, log: () => {}, error: () => {} })
)

/** What the demo finds wrong behind a faulty wrapper over a memory store without other faults. */
const damagesBehind = (wrong: Driver.Wrapper) =>
  Effect.gen(function* () {
    const key = yield* FernetEncryption.generateKey
    const Store = Memory.layer().pipe(wrapped({ key, faultRate: 0, seed: "test" }), wrong)
    const Collections = Layer.mergeAll(Manifests.layer, Readmes.layer).pipe(Layer.provide(Store))
    return yield* Effect.provide(storeAndRead(documents, { rounds: 2, seed: "test" }), Collections)
  }).pipe(Effect.provide(silent))

const answering = (answer: (entry: Parameters<NonNullable<Driver.EntryMapping["decode"]>>[0]) => typeof entry) =>
  Driver.wrapper(Driver.mapEntries({ decode: (entry) => Effect.succeed(answer(entry)) }))

describe("the demo's check", () => {
  it.live("finds nothing wrong with a store that works", () =>
    Effect.gen(function* () {
      const damages = yield* damagesBehind(answering((entry) => entry))
      assert.deepStrictEqual(damages, [])
      yield* Effect.provide(verdict(documents, damages), silent)
    })
  )

  it.live("finds a document that was changed", () =>
    Effect.gen(function* () {
      const changed = { name: "b", version: "2.0.1" }
      const damages = yield* damagesBehind(
        answering((entry) =>
          entry && JSON.stringify(entry.payload.value).includes("2.0.0")
            ? { ...entry, payload: Value.Payload.json(changed) }
            : entry
        )
      )
      assert.deepStrictEqual(damages, [{ document: "manifests/b", what: "is different" }])
      assert.strictEqual(
        (yield* Effect.flip(Effect.provide(verdict(documents, damages), silent)))._tag,
        "DocumentsDamaged"
      )
    })
  )

  it.live("finds documents that were lost", () =>
    Effect.gen(function* () {
      const damages = yield* damagesBehind(answering(() => undefined))
      assert.sameDeepMembers(
        [...damages],
        ["manifests/a", "manifests/b", "readmes/a"].map((document) => ({ document, what: "is missing" }))
      )
    })
  )

  it("compares deeply, and accepts a missing document only if it was never stored", () => {
    const document = { name: "a", list: [1, { deep: true }] }
    const expected = Option.some(document)
    assert.deepStrictEqual(compare("a", expected, Option.some(structuredClone(document))), [])
    assert.deepStrictEqual(compare("a", Option.none(), Option.none()), [])
    assert.deepStrictEqual(compare("a", Option.none(), expected), [{ document: "a", what: "was never stored" }])
    const different = Option.some({ name: "a", list: [1, { deep: false }] })
    assert.deepStrictEqual(compare("a", expected, different), [{ document: "a", what: "is different" }])
  })
})

describe("the demo's faults", () => {
  const counts = (rate: number, seed: string) =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const calls = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 100 }), () => Effect.ignore(kv.put("key", 1)))
      )
      yield* TestClock.adjust("1 day")
      yield* Fiber.join(calls)
      return yield* Ref.get(yield* Faults)
    }).pipe(Effect.provide(Memory.layer().pipe(injected(rate, seed))))

  it.effect("are the same with the same seed, and differ with another", () =>
    Effect.gen(function* () {
      const first = yield* counts(0.5, "a")
      assert.deepStrictEqual(yield* counts(0.5, "a"), first)
      assert.notDeepEqual(yield* counts(0.5, "b"), first)
    })
  )

  it.effect("occur at the given rate, and are of all kinds", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* counts(0, "a"), { unavailable: 0, "reply lost": 0, "too slow": 0 })
      const all = Object.values(yield* counts(1, "a"))
      assert.strictEqual(
        all.reduce((sum, n) => sum + n),
        100
      )
      assert.isTrue(all.every((n) => n > 0))
    })
  )
})
