/** EffectStore.toRateLimiterStore, compared with Effect's own in-memory RateLimiterStore. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Enumeration } from "../../../src/Enumeration.ts"
import { KeyValue } from "../../../src/KeyValue.ts"
import * as EffectStore from "../../../src/stores/EffectStore.ts"
import * as Memory from "../../../src/stores/Memory.ts"

const store = EffectStore.toRateLimiterStore().pipe(Layer.provideMerge(Memory.layer()))

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const key = Schema.Literals(["a", "b"])
const tokens = between(1, 4)

const pass = Schema.Struct({
  do: Schema.Literal("pass"),
  millis: Schema.Union([between(1, 1500), Schema.Literals([250, 1000, 61_000, 3_620_000])])
})

const windows = Schema.Struct({
  do: Schema.Literal("window"),
  key,
  tokens,
  refill: Schema.Literals([7, 33.5, 1000]),
  limit: Schema.UndefinedOr(between(1, 8))
})

const buckets = Schema.Struct({ do: Schema.Literal("bucket"), key, tokens, allowOverflow: Schema.Boolean })

const consume = Schema.Struct({ do: Schema.Literal("consume"), tokens })

const feedback = Schema.Struct({
  do: Schema.Literal("feedback"),
  tokens,
  status: Schema.Literals([200, 429, 429, 429]),
  retryAfter: Schema.UndefinedOr(Schema.Literals([0, 1, 500, 5000, 10_000_000])),
  epoch: Schema.Literals(["last", "last", "last", "none"])
})

type Step = (typeof pass | typeof windows | typeof buckets | typeof consume | typeof feedback)["Type"]

const long = <S extends Schema.Constraint>(step: S) =>
  Schema.Array(step).check(Schema.isMinLength(40), Schema.isMaxLength(60))

/** Runs the steps on both stores, and compares their results. */
const compare = Effect.fnUntraced(function* (sequence: ReadonlyArray<Step>) {
  const ours = Context.get(yield* Layer.build(Layer.fresh(store)), RateLimiter.RateLimiterStore)
  const theirs = yield* Effect.provide(RateLimiter.RateLimiterStore, RateLimiter.layerStoreMemory, {
    local: true
  })
  const both = Effect.fnUntraced(function* <A>(
    run: (store: RateLimiter.RateLimiterStore["Service"]) => Effect.Effect<A, RateLimiter.RateLimiterError>
  ) {
    const answer = yield* run(ours)
    assert.deepStrictEqual(answer, yield* run(theirs))
    return answer
  })
  let last = 0
  for (const step of sequence) {
    switch (step.do) {
      case "pass":
        yield* TestClock.adjust(step.millis)
        break
      case "window":
        yield* both((store) => store.fixedWindow({ ...step, refillRate: Duration.millis(step.refill) }))
        break
      case "bucket":
        yield* both((store) => store.tokenBucket({ ...step, limit: 5, refillRate: Duration.millis(250) }))
        break
      case "consume":
        last = (yield* both((store) =>
          store.adaptiveConsume({
            key: "a",
            tokens: step.tokens,
            fallbackLimit: 5,
            fallbackWindow: Duration.seconds(1)
          })
        )).epoch
        break
      case "feedback": {
        const epoch = step.epoch === "last" ? last : 99
        const retryAfter = step.retryAfter === undefined ? undefined : Duration.millis(step.retryAfter)
        yield* both((store) => store.adaptiveFeedback({ ...step, key: "a", epoch, retryAfter }))
      }
    }
  }
})

describe("RateLimiterStore", () => {
  for (const [name, steps] of [
    ["fixed windows", long(Schema.Union([pass, windows]))],
    ["token buckets", long(Schema.Union([pass, buckets]))],
    ["adaptive limits", long(Schema.Union([pass, consume, consume, feedback]))]
  ] as const) {
    it.effect.prop(
      `behaves like Effect's in-memory store for ${name}`,
      [steps as Schema.Schema<ReadonlyArray<Step>>],
      ([steps]) => compare(steps).pipe(Effect.scoped, Effect.provide(TestClock.layer(), { local: true })),
      { arbitrary: { runs: 200 } }
    )
  }

  it.effect("learns the rate that a server allows", () =>
    Effect.gen(function* () {
      const limits = yield* RateLimiter.RateLimiterStore
      const consume = limits.adaptiveConsume({
        key: "api",
        tokens: 1,
        fallbackLimit: 10,
        fallbackWindow: Duration.seconds(1)
      })
      const tooMany = (epoch: number) =>
        limits.adaptiveFeedback({ key: "api", epoch, tokens: 1, status: 429, retryAfter: Duration.seconds(2) })
      assert.strictEqual((yield* consume).phase, "inactive")
      yield* tooMany(0)
      assert.deepStrictEqual(yield* consume, { delay: Duration.seconds(2), epoch: 0, phase: "cooldown" })
      yield* TestClock.adjust("2 seconds")
      for (let i = 0; i < 3; i++) assert.strictEqual((yield* consume).phase, "learning")
      yield* TestClock.adjust("1 second")
      yield* tooMany(1)
      const learned = yield* consume
      assert.strictEqual(learned.phase, "learned")
      assert.strictEqual(learned.epoch, 2)
      assert.deepStrictEqual(learned.delay, Duration.seconds(2))
    }).pipe(Effect.provide(store))
  )

  it.effect("gives no token to two callers", () =>
    Effect.gen(function* () {
      const limiter = yield* RateLimiter.RateLimiter
      const consume = Effect.andThen(
        Effect.yieldNow,
        limiter.consume({ key: "k", limit: 10, window: "1 minute", algorithm: "token-bucket" })
      )
      const attempts = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 30 }, () => Effect.exit(consume)),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust("5 seconds")
      const exits = attempts.pollUnsafe()
      assert.isDefined(exits)
      assert.strictEqual((yield* exits).filter((exit) => exit._tag === "Success").length, 10)
    }).pipe(Effect.provide(RateLimiter.layer.pipe(Layer.provide(store))))
  )

  it.effect("removes the state of a limit that is no longer needed", () =>
    Effect.gen(function* () {
      const limits = yield* RateLimiter.RateLimiterStore
      const names = Effect.flatMap(Enumeration, ({ keys }) =>
        Stream.runCollect(keys({ collection: "effect_rate_limiter" }))
      )
      yield* limits.fixedWindow({ key: "k", tokens: 2, refillRate: Duration.seconds(1), limit: 5 })
      yield* limits.tokenBucket({
        key: "k",
        tokens: 2,
        refillRate: Duration.seconds(2),
        limit: 5,
        allowOverflow: false
      })
      assert.deepStrictEqual([...(yield* names)].sort(), ["bucket:k", "window:k"])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* names, ["bucket:k"])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* names, [])
    }).pipe(Effect.provide(store))
  )

  it.effect("fails with RateLimiterError whose cause is the KeyValueError", () =>
    Effect.gen(function* () {
      const limits = yield* RateLimiter.RateLimiterStore
      const error = yield* Effect.flip(
        limits.fixedWindow({ key: "\ud800", tokens: 1, refillRate: Duration.seconds(1), limit: 5 })
      )
      assert.strictEqual(error._tag, "RateLimiterError")
      assert.strictEqual(error.reason._tag, "RateLimitStoreError")
      assert.strictEqual(
        "cause" in error.reason && (error.reason.cause as { readonly _tag: string })._tag,
        "InvalidKeyError"
      )
    }).pipe(Effect.provide(store))
  )

  it.effect("fails when the stored value is not the state of a limit", () =>
    Effect.gen(function* () {
      const limits = yield* RateLimiter.RateLimiterStore
      const kv = yield* KeyValue
      const second = Duration.seconds(1)
      const adaptive = { key: "k", tokens: 1, fallbackWindow: second, fallbackLimit: 1 }
      const window = { key: "k", tokens: 1, refillRate: second, limit: 5 }
      const kinds = {
        window: limits.fixedWindow(window),
        bucket: limits.tokenBucket({ ...window, allowOverflow: false }),
        adaptive: limits.adaptiveConsume(adaptive)
      }
      const learned = { phase: "learned", epoch: 1, until: 1, observed: 1, limit: 1, window: 1, expiresAt: 1e13 }
      const states = [
        ...[null, 1, "text", [], {}, { expiresAt: 1e13 }, { count: "1", tokens: "1", since: 0, expiresAt: 1e13 }],
        ...[
          { count: 1, tokens: 1, since: 1, expiresAt: "1" },
          { phase: "else", epoch: 0, expiresAt: 1e13 }
        ],
        ...[
          { ...learned, limit: 0 },
          { ...learned, window: -1 },
          { ...learned, observed: null }
        ]
      ]
      for (const [kind, run] of Object.entries(kinds)) {
        for (const state of states) {
          yield* kv.put(`${kind}:k`, state, { collection: "effect_rate_limiter" })
          const { reason } = yield* Effect.flip(run as Effect.Effect<unknown, RateLimiter.RateLimiterError>)
          const cause = "cause" in reason ? (reason.cause as { readonly _tag: string }) : undefined
          assert.strictEqual(cause?._tag, "DeserializationError", `${kind} ${JSON.stringify(state)}`)
        }
      }
      yield* kv.put("adaptive:k", learned, { collection: "effect_rate_limiter" })
      assert.strictEqual((yield* limits.adaptiveConsume(adaptive)).phase, "learned")
    }).pipe(Effect.provide(store))
  )

  it.effect("uses the given collection", () =>
    Effect.gen(function* () {
      const limits = yield* RateLimiter.RateLimiterStore
      yield* limits.fixedWindow({ key: "k", tokens: 1, refillRate: Duration.seconds(1), limit: 5 })
      assert.isDefined(yield* (yield* KeyValue).get("window:k", { collection: "limits" }))
    }).pipe(
      Effect.provide(EffectStore.toRateLimiterStore({ collection: "limits" }).pipe(Layer.provideMerge(Memory.layer())))
    )
  )
})
