/** Tests the spans that Tracing makes: their names, attributes, errors, times and parents. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import * as TestClock from "effect/testing/TestClock"
import * as Driver from "../../src/Driver.ts"
import { KeyValue } from "../../src/KeyValue.ts"
import { StoreUnavailableError } from "../../src/KeyValueError.ts"
import { Maintenance } from "../../src/Maintenance.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as Retry from "../../src/wrappers/Retry.ts"
import * as Tracing from "../../src/wrappers/Tracing.ts"
import { recorder } from "../support/spans.ts"
import { failing, slow, throwing } from "./observed.ts"

const store = Memory.layer().pipe(failing)

/** The spans of a program that uses a store with tracing. */
const traced = <E>(program: Effect.Effect<unknown, E, KeyValue | Maintenance>, options?: Tracing.Options) =>
  Effect.suspend(() => {
    const { spans, tracer } = recorder()
    return program.pipe(Effect.provide(store.pipe(Tracing.wrap(options))), Effect.withTracer(tracer), Effect.as(spans))
  })

const errorOf = (span: Tracer.NativeSpan): unknown =>
  span.status._tag === "Ended" ? Option.getOrUndefined(Exit.findErrorOption(span.status.exit)) : undefined

describe("Tracing", () => {
  it.effect("names spans and sets their attributes as OpenTelemetry specifies", () =>
    Effect.gen(function* () {
      const spans = yield* traced(
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.put("secret-key", "secret-value", { collection: "users" })
          yield* kv.getMany(["secret-key", "b"], { collection: "users" })
          yield* (yield* Maintenance).clear
        }),
        { store: "sessions" }
      )
      const attributes = { "db.system.name": "memory", "db.namespace": "sessions" }
      assert.deepStrictEqual(
        spans.map(({ name, kind, attributes }) => [name, kind, Object.fromEntries(attributes)]),
        [
          ["put users", "client", { ...attributes, "db.operation.name": "put", "db.collection.name": "users" }],
          [
            "getMany users",
            "client",
            {
              ...attributes,
              "db.operation.name": "getMany",
              "db.collection.name": "users",
              "db.operation.batch.size": 2
            }
          ],
          ["clear sessions", "client", { ...attributes, "db.operation.name": "clear" }]
        ]
      )
      assert.isTrue(spans.every(({ status }) => status._tag === "Ended" && Exit.isSuccess(status.exit)))
    })
  )

  it.effect("records keys with recordKeys and names collections with collectionLabel", () =>
    Effect.gen(function* () {
      const reading = Effect.flatMap(KeyValue, (kv) =>
        kv.getMany(["1", "2", "3", "4", "5", "6"], { collection: "user-1" })
      )
      const [span] = yield* traced(reading, { recordKeys: true, collectionLabel: () => "user" })
      assert.deepStrictEqual(span?.attributes.get("effect_kv.keys"), ["1", "2", "3", "4", "5"])
      assert.strictEqual(span?.name, "getMany user")
      const [unnamed] = yield* traced(reading, { collectionLabel: false })
      assert.strictEqual(unnamed?.name, "getMany")
      assert.isFalse(unnamed?.attributes.has("db.collection.name"))
      assert.isFalse(unnamed?.attributes.has("effect_kv.keys"))
    })
  )

  it.effect("records the tag of failures and nothing that could contain a key or a value", () =>
    Effect.gen(function* () {
      const spans = yield* traced(
        Effect.gen(function* () {
          const kv = yield* KeyValue
          for (const collection of ["down", "refused", "broken"]) {
            const exit = yield* Effect.exit(kv.put("secret-key", "secret-value", { collection }))
            assert.isTrue(Exit.isFailure(exit))
          }
        })
      )
      assert.deepStrictEqual(
        spans.map((span) => [span.attributes.get("error.type"), errorOf(span)]),
        [
          ["StoreUnavailableError", { name: "StoreUnavailableError", message: "ECONNREFUSED" }],
          ["StoreError", { name: "StoreError", message: "StoreError" }],
          ["Defect", undefined]
        ]
      )
      const [, , { status }] = spans as unknown as [unknown, unknown, Tracer.NativeSpan]
      assert.isTrue(status._tag === "Ended" && Exit.hasDies(status.exit))
    })
  )

  it.effect("ends a span without the value that was read", () =>
    Effect.gen(function* () {
      const spans = yield* traced(
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.put("a", "secret-value")
          assert.strictEqual(yield* kv.get("a"), "secret-value")
        })
      )
      for (const { status } of spans) assert.isTrue(status._tag === "Ended" && status.exit === Exit.void)
    })
  )

  it.effect("does not change the error of the operation", () =>
    traced(
      Effect.gen(function* () {
        const error = yield* Effect.flip((yield* KeyValue).get("a", { collection: "down" }))
        assert.strictEqual(error._tag, "StoreUnavailableError")
        assert.include(error.message, `get in collection "down"`)
      })
    )
  )

  it.effect("ends a span with the duration of the operation, also when it is interrupted", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const fiber = yield* Effect.flatMap(KeyValue, (kv) => kv.get("a")).pipe(
        Effect.provide(Memory.layer().pipe(slow("1 second"), Tracing.wrap())),
        Effect.withTracer(tracer),
        Effect.forkChild
      )
      yield* TestClock.adjust("10 millis")
      yield* Fiber.interrupt(fiber)
      const [span] = spans
      const status = span!.status
      assert.isTrue(status._tag === "Ended" && status.endTime - status.startTime === 10_000_000n)
      assert.strictEqual(span!.attributes.get("error.type"), "Interrupted")
    })
  )

  it.effect("ends the span of a driver that throws, and records no time when timing is off", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const reading = (collection: string) =>
        Effect.flatMap(KeyValue, (kv) => Effect.exit(kv.get("a", { collection }))).pipe(
          Effect.provide(Memory.layer().pipe(collection === "down" ? failing : throwing, Tracing.wrap())),
          Effect.withTracer(tracer)
        )
      yield* TestClock.setTime(1_000)
      yield* reading("users")
      yield* Effect.withTracerTiming(reading("down"), false)
      assert.deepStrictEqual(
        spans.map(({ attributes, status }) => [
          attributes.get("error.type"),
          status._tag === "Ended" && status.endTime
        ]),
        [
          ["Defect", 1_000_000_000n],
          ["StoreUnavailableError", 0n]
        ]
      )
    })
  )

  it.effect("makes its span a child of outer spans and the parent of inner ones", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      let failures = 1
      const flaky = Driver.wrapper((driver) => ({
        ...driver,
        get: (call) =>
          failures-- > 0
            ? Effect.fail(new StoreUnavailableError({ ...call.place, reason: "connection lost", sent: true }))
            : driver.get(call)
      }))
      const stack = Memory.layer().pipe(
        flaky,
        Tracing.wrap({ store: "attempt" }),
        Retry.wrap({ initialDelay: "1 millis", jitter: false }),
        Tracing.wrap({ store: "operation" })
      )
      const fiber = yield* Effect.flatMap(KeyValue, (kv) => kv.get("a")).pipe(
        Effect.withSpan("request"),
        Effect.provide(stack),
        Effect.withTracer(tracer),
        Effect.forkChild
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      const parentOf = (span: Tracer.NativeSpan) =>
        Option.getOrUndefined(
          Option.map(span.parent, (parent) => spans.findIndex(({ spanId }) => spanId === parent.spanId))
        )
      assert.deepStrictEqual(
        spans.map((span) => [span.name, span.attributes.get("db.namespace"), parentOf(span)]),
        [
          ["request", undefined, undefined],
          ["get default_collection", "operation", 0],
          ["get default_collection", "attempt", 1],
          ["get default_collection", "attempt", 1]
        ]
      )
      assert.deepStrictEqual(
        spans.map((span) => span.attributes.get("error.type")),
        [undefined, undefined, "StoreUnavailableError", undefined]
      )
    })
  )

  it.effect("makes no span without a tracer or when tracing is off", () =>
    Effect.gen(function* () {
      const inside: Array<string | undefined> = []
      const looking = Driver.wrapper(
        Driver.around((call, next) =>
          Effect.withFiber((fiber) => {
            inside.push(fiber.cache.span?._tag === "Span" ? fiber.cache.span.name : undefined)
            return next(call)
          })
        )
      )
      const { spans, tracer } = recorder()
      const reading = Effect.flatMap(KeyValue, (kv) => kv.get("a")).pipe(
        Effect.provide(Memory.layer().pipe(looking, Tracing.wrap()))
      )
      yield* Effect.withSpan(reading, "request")
      yield* reading.pipe(Effect.withTracer(tracer), Effect.withTracerEnabled(false))
      yield* reading.pipe(Effect.withTracer(Tracer.nativeTracer))
      yield* reading.pipe(Effect.withTracer(tracer))
      assert.deepStrictEqual(inside, ["request", undefined, undefined, "get default_collection"])
      assert.lengthOf(spans, 1)
    })
  )
})
