/** Tests leases between real processes, on a real Redis and on one SQLite file. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as KeyValue from "../../src/KeyValue.ts"
import * as Redis from "../../src/stores/Redis.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import { temporaryDirectory } from "../servers/process.ts"
import { describeWithRedis } from "../servers/redis.ts"
import { argsOf, root } from "../support/program.ts"

const start = (...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.map(argsOf(["test/lease/worker.ts", ...args]), (args) =>
      spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const ended = (child: ChildProcess) =>
  Effect.map(
    Effect.promise(() => once(child, "close")),
    ([status]) => status
  )

const linesOf = (child: ChildProcess) => createInterface(child.stdout!)
const next = (lines: ReturnType<typeof linesOf>) =>
  Effect.map(
    Effect.promise(() => once(lines, "line")),
    ([line]) => String(line)
  )

const tokenIn = (line: string) => Number(/^held (\d+)$/.exec(line)?.[1])

const counts = Effect.fnUntraced(function* (...store: readonly [string, string, string?]) {
  const [kind, at, prefix = "lease:"] = store
  const workers = yield* Effect.forEach([1, 2, 3, 4], () => start(kind, at, "count", "10", prefix))
  for (const status of yield* Effect.forEach(workers, ended, { concurrency: 4 })) assert.strictEqual(status, 0)
})

const pauses = Effect.fnUntraced(function* (kind: string, at: string, prefix = "lease:") {
  const first = yield* start(kind, at, "hold", "60000", prefix)
  const firstLines = linesOf(first)
  const token = tokenIn(yield* next(firstLines))
  first.kill("SIGSTOP")
  const second = yield* start(kind, at, "hold", "10", prefix)
  const secondLines = linesOf(second)
  assert.isAbove(tokenIn(yield* next(secondLines)), token)
  const lost = yield* Effect.forkChild(next(firstLines), { startImmediately: true })
  first.kill("SIGCONT")
  assert.strictEqual(yield* Fiber.join(lost), "LeaseLostError")
})

/** All lines that a process prints until it ends. */
const allOf = (child: ChildProcess) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    linesOf(child).on("line", (line) => lines.push(line))
    assert.strictEqual(yield* ended(child), 0)
    return lines
  })

const loads = Effect.fnUntraced(function* (kind: string, at: string, prefix = "load:") {
  const workers = yield* Effect.forEach([1, 2, 3, 4], () => start(kind, at, "load", "1500", prefix))
  const lines = (yield* Effect.forEach(workers, allOf, { concurrency: 4 })).flat()
  assert.strictEqual(lines.filter((line) => line === "loading").length, 1)
  assert.strictEqual(new Set(lines).size, 2)
})

const takesOver = Effect.fnUntraced(function* (kind: string, at: string, prefix = "load:") {
  const first = yield* start(kind, at, "load", "600000", prefix)
  assert.strictEqual(yield* next(linesOf(first)), "loading")
  const others = yield* Effect.forEach([1, 2, 3], () => start(kind, at, "load", "100", prefix))
  const printed = yield* Effect.forkChild(Effect.forEach(others, allOf, { concurrency: 3 }), { startImmediately: true })
  yield* Effect.sleep("500 millis")
  first.kill("SIGKILL")
  const lines = (yield* Fiber.join(printed)).flat()
  assert.strictEqual(lines.filter((line) => line === "loading").length, 1)
  assert.strictEqual(new Set(lines).size, 2)
})

describe("leases between processes on one SQLite file", () => {
  it.live(
    "lose no increment of a counter that 4 processes change in two steps",
    () =>
      Effect.gen(function* () {
        const filename = `${yield* temporaryDirectory}/store.sqlite`
        yield* counts("sqlite", filename)
        const counter = yield* Effect.provide(
          KeyValue.KeyValue.use((kv) => kv.get("counter")),
          Sqlite.layer({ filename })
        )
        assert.strictEqual((counter as { readonly count: number }).count, 40)
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "are lost by a process that was stopped, and the next token is greater",
    () =>
      Effect.gen(function* () {
        yield* pauses("sqlite", `${yield* temporaryDirectory}/store.sqlite`)
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "let one of 4 processes load a value with getOrSet",
    () => Effect.scoped(Effect.flatMap(temporaryDirectory, (folder) => loads("sqlite", `${folder}/store.sqlite`))),
    120_000
  )
})

describeWithRedis("leases between processes on one Redis", (server) => {
  const prefix = `lease-${process.pid}:`

  it.live(
    "lose no increment of a counter that 4 processes change in two steps",
    () =>
      Effect.gen(function* () {
        yield* counts("redis", server().url, prefix)
        const counter = yield* Effect.provide(
          KeyValue.KeyValue.use((kv) => kv.get("counter")),
          Redis.layer({ url: server().url, prefix })
        )
        assert.strictEqual((counter as { readonly count: number }).count, 40)
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "are lost by a process that was stopped, and the next token is greater",
    () => Effect.scoped(pauses("redis", server().url, prefix)),
    120_000
  )

  it.live(
    "let one of 4 processes load a value with getOrSet",
    () => Effect.scoped(loads("redis", server().url, `load-${process.pid}:`)),
    120_000
  )

  it.live(
    "let one of 3 processes load a value with getOrSet after the process that loaded it was killed",
    () => Effect.scoped(takesOver("redis", server().url, `killed-${process.pid}:`)),
    120_000
  )
})
