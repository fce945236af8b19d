/** Tests what Logging writes about each operation, and what it never writes. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import { Atomic } from "../../src/Atomic.ts"
import { KeyValue } from "../../src/KeyValue.ts"
import { Maintenance } from "../../src/Maintenance.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as Logging from "../../src/wrappers/Logging.ts"
import * as PrefixKeys from "../../src/wrappers/PrefixKeys.ts"
import { failing, slow, throwing } from "./observed.ts"

interface Line {
  readonly level: string
  readonly message: unknown
  readonly annotations: Readonly<Record<string, unknown>>
}

/** A logger that keeps the lines instead of printing them. */
const recorder = () => {
  const lines: Array<Line> = []
  const logger = Logger.make(({ logLevel, message, fiber }) => {
    lines.push({
      level: logLevel,
      message: Array.isArray(message) && message.length === 1 ? message[0] : message,
      annotations: fiber.getRef(References.CurrentLogAnnotations)
    })
  })
  return { lines, layer: Logger.layer([logger]) }
}

const store = Memory.layer().pipe(failing)

/** The lines that a program logs through a store with logging. */
const logged = <E>(
  program: Effect.Effect<unknown, E, KeyValue | Atomic | Maintenance>,
  options?: Logging.Options,
  level: "All" | "Info" | "Error" = "All"
) =>
  Effect.suspend(() => {
    const { lines, layer } = recorder()
    return program.pipe(
      Effect.provide([store.pipe(Logging.wrap(options)), layer]),
      Effect.provideService(References.MinimumLogLevel, level),
      Effect.as(lines)
    )
  })

const put = Effect.flatMap(KeyValue, (kv) => kv.put("test", { test: "value" }, { collection: "test" }))

describe("Logging", () => {
  it.effect("logs a line for each operation with its keys and its result", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        Effect.gen(function* () {
          const kv = yield* KeyValue
          const options = { collection: "test" }
          yield* kv.get("test", options)
          yield* kv.put("test", { test: "value" }, options)
          yield* kv.get("test", options)
          yield* kv.getMany(["test", "test_2"], options)
          yield* kv.putMany(
            [
              ["test", 1],
              ["test_2", 2]
            ],
            { ...options, ttl: "10 seconds" }
          )
          yield* kv.ttl("test", options)
          yield* kv.ttlMany(["test", "test_3"], options)
          yield* kv.delete("test", options)
          yield* kv.deleteMany(["test", "test_2"], options)
        })
      )
      const at = { collection: "test", durationMs: 0 }
      const both = ["test", "test_2"]
      assert.deepStrictEqual(
        lines.map(({ level, message, annotations }) => [level, message, annotations]),
        [
          ["Info", "get finished", { operation: "get", key: "test", hit: false, ...at }],
          ["Info", "put finished", { operation: "put", key: "test", ...at }],
          ["Info", "get finished", { operation: "get", key: "test", hit: true, ...at }],
          ["Info", "getMany finished", { operation: "getMany", keys: both, count: 2, hits: 1, misses: 1, ...at }],
          ["Info", "putMany finished", { operation: "putMany", keys: both, count: 2, ttlMs: 10_000, ...at }],
          ["Info", "ttl finished", { operation: "ttl", key: "test", hit: true, ttlMs: 10_000, ...at }],
          [
            "Info",
            "ttlMany finished",
            { operation: "ttlMany", keys: ["test", "test_3"], count: 2, hits: 1, misses: 1, ...at }
          ],
          ["Info", "delete finished", { operation: "delete", key: "test", deleted: 1, ...at }],
          ["Info", "deleteMany finished", { operation: "deleteMany", keys: both, count: 2, deleted: 1, ...at }]
        ]
      )
    })
  )

  it.effect("logs atomic writes and maintenance operations", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        Effect.gen(function* () {
          yield* (yield* Atomic).putIfAbsent("a", 1, { ttl: "1 second" })
          yield* (yield* Maintenance).clear
        })
      )
      assert.deepStrictEqual(
        lines.map(({ annotations }) => annotations),
        [
          {
            operation: "putIfAbsent",
            collection: "default_collection",
            key: "a",
            ttlMs: 1000,
            applied: true,
            durationMs: 0
          },
          { operation: "clear", count: 1, durationMs: 0 }
        ]
      )
    })
  )

  it.effect("logs the start of operations with logStart, outer wrappers first, and their end in reverse order", () =>
    Effect.gen(function* () {
      const { lines, layer } = recorder()
      const stack = Memory.layer().pipe(
        Logging.wrap({ logStart: true, store: "inner" }),
        PrefixKeys.wrap("p"),
        Logging.wrap({ logStart: true, store: "outer" })
      )
      yield* put.pipe(Effect.provide([stack, layer]))
      assert.deepStrictEqual(
        lines.map(({ message, annotations }) => [annotations.store, message, annotations.key]),
        [
          ["outer", "put started", "test"],
          ["inner", "put started", "p__test"],
          ["inner", "put finished", "p__test"],
          ["outer", "put finished", "test"]
        ]
      )
    })
  )

  it.effect("logs how long an operation takes", () =>
    Effect.gen(function* () {
      const { lines, layer } = recorder()
      const fiber = yield* put.pipe(
        Effect.provide([Memory.layer().pipe(slow("25 millis"), Logging.wrap()), layer]),
        Effect.forkChild
      )
      yield* TestClock.adjust("25 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual(lines[0]?.annotations.durationMs, 25)
    })
  )

  it.effect("logs failures as warnings with tag and duration, without the text of the backend", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        Effect.gen(function* () {
          const kv = yield* KeyValue
          for (const collection of ["down", "refused", "broken"]) {
            yield* Effect.exit(kv.put("secret-key", "secret-value", { collection }))
          }
        }),
        { logKeys: false }
      )
      const about = { operation: "put", durationMs: 0 }
      assert.deepStrictEqual(
        lines.map(({ level, message, annotations }) => [level, message, annotations]),
        [
          [
            "Warn",
            "put failed",
            {
              ...about,
              collection: "down",
              error: "StoreUnavailableError",
              code: "ECONNREFUSED",
              retryable: true,
              outcome: "not-applied"
            }
          ],
          [
            "Warn",
            "put failed",
            { ...about, collection: "refused", error: "StoreError", retryable: false, outcome: "not-applied" }
          ],
          ["Warn", "put failed", { ...about, collection: "broken", error: "Defect" }]
        ]
      )
      assert.notInclude(JSON.stringify(lines), "secret")
    })
  )

  it.effect("logs the text of the backend when both keys and values are logged", () =>
    Effect.gen(function* () {
      const refused = Effect.flatMap(KeyValue, (kv) => Effect.exit(kv.get("a", { collection: "refused" })))
      const [line] = yield* logged(refused, { logValues: true })
      assert.strictEqual(line?.annotations.reason, "ERR cannot run 'SET' 'secret-key' 'secret-value'")
      const [hidden] = yield* logged(refused, { logValues: true, logKeys: false })
      assert.isUndefined(hidden?.annotations.reason)
    })
  )

  it.effect("logs an interruption at the level of a success", () =>
    Effect.gen(function* () {
      const { lines, layer } = recorder()
      const fiber = yield* put.pipe(
        Effect.provide([Memory.layer().pipe(slow("1 second"), Logging.wrap()), layer]),
        Effect.forkChild
      )
      yield* TestClock.adjust("10 millis")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(
        lines.map(({ level, message, annotations }) => [level, message, annotations.durationMs]),
        [["Info", "put interrupted", 10]]
      )
    })
  )

  it.effect("logs a driver that throws as a defect", () =>
    Effect.gen(function* () {
      const { lines, layer } = recorder()
      const exit = yield* Effect.flatMap(KeyValue, (kv) => kv.get("a")).pipe(
        Effect.provide([Memory.layer().pipe(throwing, Logging.wrap()), layer]),
        Effect.exit
      )
      assert.isTrue(Exit.hasDies(exit))
      assert.deepStrictEqual(
        lines.map(({ message, annotations }) => [message, annotations.error]),
        [["get failed", "Defect"]]
      )
    })
  )

  it.effect("logs at most five keys of a batch and 256 characters of a key", () =>
    Effect.gen(function* () {
      const keys = Array.from({ length: 7 }, (_, i) => `${i}`.repeat(300))
      const [line] = yield* logged(Effect.flatMap(KeyValue, (kv) => kv.getMany(keys)))
      assert.strictEqual(line?.annotations.count, 7)
      assert.deepStrictEqual(
        line?.annotations.keys,
        ["0", "1", "2", "3", "4"].map((digit) => `${digit.repeat(256)}…`)
      )
    })
  )

  it.effect("logs no values by default", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.put("a", "secret-value")
          yield* kv.get("a")
          yield* kv.putMany([["a", "secret-value"]])
          yield* (yield* Atomic).update("a", () => "secret-value")
        }),
        { logStart: true }
      )
      assert.lengthOf(lines, 10)
      assert.notInclude(JSON.stringify(lines), "secret-value")
    })
  )

  it.effect("logs values as JSON up to maxValueLength, and bytes as their length", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.put("a", { test: "value" })
          yield* kv.put("b", new Uint8Array(1000))
          yield* kv.getMany(["a", "b", "c"])
          yield* kv.get("c")
        }),
        { logValues: true, maxValueLength: 10 }
      )
      assert.deepStrictEqual(
        lines.map(({ annotations: { value, values } }) => [value, values]),
        [
          [`{"test":"v…`, undefined],
          ["<1000 byte…", undefined],
          [undefined, [`{"test":"v…`, "<1000 byte…", undefined]],
          [undefined, undefined]
        ]
      )
    })
  )

  it.effect("logs what a logValues function returns, redacted where it says so, and continues when it throws", () =>
    Effect.gen(function* () {
      const showing = (logValues: Logging.Options["logValues"]) =>
        Effect.map(
          logged(
            Effect.flatMap(KeyValue, (kv) =>
              Effect.andThen(kv.put("a", { name: "Alice", password: "secret" }), kv.get("a"))
            ),
            { logValues }
          ),
          (lines) => lines.map(({ annotations }) => annotations.value)
        )
      const twice = (value: string) => [value, value]
      assert.deepStrictEqual(
        yield* showing((value) => ({ ...(value as object), password: Redacted.make("secret") })),
        twice(`{"name":"Alice","password":"<redacted>"}`)
      )
      assert.deepStrictEqual(yield* showing((value) => Redacted.make(value)), twice(`"<redacted>"`))
      const throws = () => {
        throw new Error("a bug")
      }
      assert.deepStrictEqual(yield* showing(throws), twice("<could not be shown>"))
    })
  )

  it.effect("does not let a logValues function change a value", () =>
    Effect.gen(function* () {
      const change = (value: unknown) => {
        ;(value as { n: number }).n = 2
      }
      const values: Array<unknown> = []
      yield* logged(
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.put("a", { n: 1 })
          values.push(yield* kv.get("a"), yield* kv.get("a"))
        }),
        { logValues: change, logStart: true }
      )
      assert.deepStrictEqual(values, [{ n: 1 }, { n: 1 }])
    })
  )

  it.effect("logs at the given levels and nothing below the minimum level", () =>
    Effect.gen(function* () {
      const both = Effect.flatMap(KeyValue, (kv) =>
        Effect.andThen(put, Effect.exit(kv.get("a", { collection: "down" })))
      )
      const levels = (options: Logging.Options, minimum: "All" | "Info" | "Error") =>
        Effect.map(logged(both, options, minimum), (lines) => lines.map(({ level }) => level))
      assert.deepStrictEqual(yield* levels({ level: "Debug", failureLevel: "Error" }, "All"), ["Debug", "Error"])
      assert.deepStrictEqual(yield* levels({ level: "Debug", logStart: true }, "Info"), ["Warn"])
      assert.deepStrictEqual(yield* levels({ level: "Info", failureLevel: "Debug" }, "Info"), ["Info"])
      assert.deepStrictEqual(yield* levels({}, "Error"), [])
    })
  )

  it.effect("does not fail an operation when a logger throws", () =>
    Effect.gen(function* () {
      const throwing = Logger.layer([
        Logger.make(() => {
          throw new Error("a bug")
        })
      ])
      const exit = yield* Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* put
        assert.strictEqual((yield* Effect.flip(kv.get("a", { collection: "down" })))._tag, "StoreUnavailableError")
        return yield* kv.get("test", { collection: "test" })
      }).pipe(Effect.provide([store.pipe(Logging.wrap({ logStart: true })), throwing]), Effect.exit)
      assert.deepStrictEqual(exit, Exit.succeed({ test: "value" }))
    })
  )

  it.effect("rejects an invalid level or length when the layer is built", () =>
    Effect.gen(function* () {
      for (const options of [{ level: "Loud" }, { failureLevel: "None" }, { maxValueLength: -1 }]) {
        const error = yield* Effect.flip(Layer.build(Memory.layer().pipe(Logging.wrap(options as Logging.Options))))
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.include(error.message, Object.keys(options)[0]!)
      }
    })
  )
})
