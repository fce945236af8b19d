/** Tests `Atomic.increment` through wrappers: which of them pass the native increment on, and what else they keep. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import {
  Aead,
  Atomic,
  Compression,
  DefaultValue,
  Driver,
  HmacNames,
  KeyValue,
  LimitSize,
  Memory,
  PassthroughCache,
  PrefixKeys,
  ReadOnly,
  Retry,
  Routing,
  SingleCollection,
  Timeout,
  TtlClamp
} from "../src/index.ts"
import { faulty, type Step, script } from "./support/faults.ts"

const increment = (by?: number, options?: Atomic.IncrementOptions) =>
  Atomic.Atomic.use((atomic) => atomic.increment("n", by, options))

const get = KeyValue.KeyValue.use((kv) => kv.get("n"))

const key = Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")

const aead = Aead.wrap({ keys: [{ id: "1", key }] })

/** Records the kinds of calls that reach the store. */
const recorded = (calls: Array<string>) =>
  Driver.wrapper(
    Driver.around((call, next) =>
      Effect.suspend(() => {
        calls.push(call._tag)
        return next(call)
      })
    )
  )

/** Runs an effect while the clock is advanced. */
const inTime = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  yield* TestClock.adjust("1 minute")
  return yield* Fiber.join(fiber)
})

describe("the native increment", () => {
  const passing = {
    "a policy": Timeout.wrap("1 second"),
    "a prefix": PrefixKeys.wrap("p"),
    "a single collection": SingleCollection.wrap("all"),
    "hashed names": HmacNames.wrap({ key }),
    routing: Routing.wrap({ stores: { other: Memory.layer() }, route: () => "other" as const }),
    "a cache": PassthroughCache.wrap({ cache: Memory.layer() })
  }
  for (const [name, wrap] of Object.entries(passing)) {
    it.effect(`is used through ${name}`, () => {
      const calls: Array<string> = []
      const layer = Memory.layer().pipe(wrap as Driver.Wrapper, recorded(calls))
      return Effect.gen(function* () {
        assert.strictEqual(yield* increment(), 1)
        assert.strictEqual(yield* get, 1)
        assert.strictEqual(yield* increment(), 2)
        assert.strictEqual(yield* get, 2)
        assert.deepStrictEqual(calls, ["increment", "get", "increment", "get"])
      }).pipe(Effect.provide(layer))
    })
  }

  const changing = {
    "a codec": aead,
    compression: Compression.wrap({ minSize: 0 }),
    "a limit of the size": LimitSize.wrap({ maxSize: 100 }),
    "a limit of the TTL": TtlClamp.wrap({ maxTtl: "1 day" }),
    "a default": DefaultValue.wrap({ value: 0 }),
    "a store of a combination that has none": Routing.wrap({
      stores: { other: Memory.layer().pipe(aead) },
      route: () => "other" as const
    })
  }
  for (const [name, wrap] of Object.entries(changing)) {
    it.effect(`is replaced by a read and a conditional write through ${name}`, () => {
      const calls: Array<string> = []
      const layer = Memory.layer().pipe(wrap as Driver.Wrapper, recorded(calls))
      return Effect.gen(function* () {
        assert.strictEqual(yield* increment(), 1)
        assert.strictEqual(yield* increment(), 2)
        assert.deepStrictEqual(calls, ["get", "compareAndPut", "get", "compareAndPut"])
      }).pipe(Effect.provide(layer))
    })
  }
})

describe("an increment through a wrapper", () => {
  const over = (...steps: ReadonlyArray<Step>) => Memory.layer().pipe(faulty(script(...steps)), Retry.wrap())

  it.effect("is not retried when its outcome is unknown, so that it is not counted twice", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(inTime(increment()))
      assert.deepStrictEqual([error._tag, "outcome" in error && error.outcome], ["StoreUnavailableError", "unknown"])
      assert.strictEqual(yield* get, 1)
    }).pipe(Effect.provide(over("lost")))
  )

  it.effect("is not retried through a codec when the outcome of its write is unknown", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(inTime(increment()))
      assert.strictEqual("outcome" in error && error.outcome, "unknown")
      assert.strictEqual(yield* get, 1)
    }).pipe(Effect.provide(over("ok", "lost").pipe(aead)))
  )

  it.effect("is retried when it was not applied", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* inTime(increment()), 1)
    }).pipe(Effect.provide(over("unavailable", "unavailable")))
  )

  it.effect("drops a load of the counter that is running, so that later callers do not wait for it", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const load = Effect.as(Effect.sleep("1 second"), 100)
      const loading = yield* Effect.forkChild(kv.getOrSet("n", load), { startImmediately: true })
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* increment(), 1)
      const later = yield* Effect.forkChild(kv.getOrSet("n", load), { startImmediately: true })
      yield* TestClock.adjust("1 millis")
      assert.isDefined(later.pollUnsafe(), "it waits for the load")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(loading)
      assert.strictEqual(yield* get, 1)
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("counts from the default of DefaultValue if that is an integer, otherwise from initial", () =>
    Effect.gen(function* () {
      const first = (value: number | string) =>
        Effect.provide(increment(1, { initial: 10 }), Memory.layer().pipe(DefaultValue.wrap({ value })))
      assert.strictEqual(yield* first(5), 6)
      assert.strictEqual(yield* first("none"), 11)
    })
  )

  it.effect("gets a clamped TTL for a new counter, and keeps the TTL of an existing one", () =>
    Effect.gen(function* () {
      const ttl = KeyValue.KeyValue.use((kv) => kv.ttl("n")).pipe(
        Effect.map((found) => found?.ttl && Duration.toMillis(found.ttl))
      )
      yield* increment(1, { ttl: "1 hour" })
      assert.strictEqual(yield* ttl, 60_000)
      yield* TestClock.adjust("59 seconds")
      yield* increment()
      assert.strictEqual(yield* ttl, 1000)
      yield* increment(1, { ttl: "1 hour", renew: true })
      assert.strictEqual(yield* ttl, 60_000)
    }).pipe(Effect.provide(Memory.layer().pipe(TtlClamp.wrap({ minTtl: "10 seconds", maxTtl: "1 minute" }))))
  )

  it.effect("fails with ReadOnlyError, or returns the unchanged counter if writes are ignored", () =>
    Effect.gen(function* () {
      const store = () => Memory.layer({ seed: { default_collection: { n: 5 } } })
      const error = yield* Effect.flip(Effect.provide(increment(), store().pipe(ReadOnly.wrap())))
      assert.strictEqual(error._tag, "ReadOnlyError")
      const ignoring = { onWrite: "ignore" } as const
      assert.strictEqual(yield* Effect.provide(increment(), store().pipe(ReadOnly.wrap(ignoring))), 5)
      const empty = Memory.layer().pipe(ReadOnly.wrap(ignoring))
      assert.strictEqual(yield* Effect.provide(increment(1, { initial: 3 }), empty), 3)
    })
  )

  it.effect("returns the unchanged counter if a limit drops the new one", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* increment(), 9)
      assert.strictEqual(yield* get, 9)
    }).pipe(
      Effect.provide(
        Memory.layer({ seed: { default_collection: { n: 9 } } }).pipe(
          LimitSize.wrap({ maxSize: 1, onTooLarge: "ignore" })
        )
      )
    )
  )

  it.effect("returns initial if the counter is larger than the store allows", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* increment(1, { initial: 3 }), 3)
      assert.isUndefined(yield* get)
    }).pipe(Effect.provide(Memory.layer({ maxSize: 1 })))
  )

  it.effect("fails with ConflictError when other writers always come first", () =>
    Effect.gen(function* () {
      const losing = Driver.wrapper((driver) => ({
        ...driver,
        atomic: { compareAndPut: () => Effect.succeed(false) }
      }))
      const error = yield* Effect.provide(Effect.flip(inTime(increment())), Memory.layer().pipe(losing))
      assert.deepStrictEqual([error._tag, "outcome" in error && error.outcome], ["ConflictError", "not-applied"])
    })
  )

  it.effect("fails after the layer was closed", () =>
    Effect.gen(function* () {
      const atomic = yield* Effect.scoped(
        Effect.map(Layer.build(Memory.layer()), (context) => Atomic.Atomic.pipe(Effect.provide(context)))
      )
      const error = yield* Effect.flip(Effect.flatMap(atomic, (it) => it.increment("n")))
      assert.strictEqual(error._tag, "StoreUnavailableError")
    })
  )

  it.effect("shows no stored value in the message of CounterRangeError", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(increment(-1, { min: 0, initial: 0 }))
      assert.strictEqual(
        error.message,
        'increment in collection "default_collection": the counter would leave the range from 0 to 9007199254740991.'
      )
    }).pipe(Effect.provide(Memory.layer()))
  )
})
