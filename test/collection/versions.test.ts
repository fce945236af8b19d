/** Tests `versions`: reading what older schemas wrote, and `upgrade`, which rewrites it. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  Atomic,
  Collection,
  Driver,
  Enumeration,
  KeyValue,
  LimitSize,
  Memory,
  PassthroughCache,
  ReadOnly,
  type Value
} from "../../src/index.ts"
import { memory, plant, stored } from "../support/inspect.ts"
import { interruptedBefore } from "../support/steps.ts"

const Price1 = Schema.Struct({ name: Schema.String, cents: Schema.Int })
const Price2 = Schema.Struct({ name: Schema.String, euros: Schema.Finite })
class Price extends Schema.Class<Price>("Price")({
  title: Schema.String,
  euros: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)),
  since: Schema.optionalKey(Schema.Date)
}) {}

const at = { collection: "prices" }
const options = {
  ...at,
  schema: Price,
  capabilities: [Atomic.Atomic, Enumeration.Enumeration],
  versions: [
    {
      schema: Price2,
      upgrade: ({ name, euros }: typeof Price2.Type) => {
        if (name === "throws") throw new Error("cannot upgrade")
        return new Price({ title: name, euros })
      }
    },
    { schema: Price1, upgrade: ({ name, cents }: typeof Price1.Type) => ({ name, euros: cents / 100 }) }
  ]
} as const
const make = Collection.make(options)

const one = { name: "tea", cents: 250 }
const two = { name: "tea", euros: 2.5 }
const current = { title: "tea", euros: 2.5 }
const tea = new Price(current)

const all = <E, R>(stream: Stream.Stream<Collection.UpgradeProgress, E, R>) =>
  Effect.map(Stream.runCollect(stream), (progress) => ({
    upgraded: progress.reduce((sum, it) => sum + it.upgraded, 0),
    current: progress.reduce((sum, it) => sum + it.current, 0),
    gone: progress.reduce((sum, it) => sum + it.gone, 0),
    failed: progress.flatMap(({ failed }) => failed.map(({ _tag }) => _tag)).sort()
  }))

const entry = (key: string) =>
  KeyValue.KeyValue.use(({ driver }) =>
    Effect.map(
      driver.get(Driver.Calls.get({ operation: "get", ...at, keys: [key] }, { expiry: true })),
      ([entry]) => entry
    )
  )

describe("Collection versions", () => {
  it.effect("reads a value of each version as a value of the current schema, in every read", () =>
    Effect.gen(function* () {
      const prices = yield* make
      for (const [i, value] of [one, two, current].entries()) yield* plant(`${i}`, value, at)
      const keys = ["0", "1", "2"]
      const three = [tea, tea, tea]
      assert.deepStrictEqual(yield* prices.getMany(keys), three.map(Option.some))
      assert.instanceOf(yield* prices.getOrFail("0"), Price)
      assert.deepStrictEqual(
        (yield* prices.ttlMany(keys)).map(Option.map(({ value }) => value)),
        three.map(Option.some)
      )
      assert.deepStrictEqual(
        yield* prices.getManyResults(keys),
        three.map((it) => Result.succeed(Option.some(it)))
      )
      assert.deepStrictEqual(yield* prices.getOrSet("0", Effect.die("loaded")), tea)
      assert.deepStrictEqual(
        (yield* Stream.runCollect(prices.entries())).map(([, value]) => value),
        three
      )
      assert.deepStrictEqual(yield* stored("0", at), one)
    }).pipe(Effect.provide(memory()))
  )

  it.effect("update gets the upgraded value, and writes in the current schema", () =>
    Effect.gen(function* () {
      const prices = yield* make
      yield* plant("a", one, at)
      yield* prices.update(
        "a",
        Option.map(({ title, euros }) => new Price({ title, euros: euros + 1 }))
      )
      assert.deepStrictEqual(yield* stored("a", at), { title: "tea", euros: 3.5 })
      yield* plant("a", one, at)
      assert.deepStrictEqual(yield* prices.getAndDelete("a"), Option.some(tea))
    }).pipe(Effect.provide(memory()))
  )

  it.effect("tries the current schema first, then the others from the newest on", () =>
    Effect.gen(function* () {
      const text = (tag: string) => ({ schema: Schema.String, upgrade: (old: string) => `${old}${tag}` })
      const checked = Schema.String.check(Schema.isMinLength(5))
      const texts = yield* Collection.make({ ...at, schema: checked, versions: [text("-2"), text("-1")] })
      yield* plant("a", "short", at)
      yield* plant("b", "abc", at)
      assert.deepStrictEqual(yield* texts.getMany(["a", "b"]), [Option.some("short"), Option.some("abc-2")])
    }).pipe(Effect.provide(memory()))
  )

  it.effect("fails with DeserializationError when no version fits, with the SchemaError of the current schema", () =>
    Effect.gen(function* () {
      const prices = yield* make
      yield* plant("a", { name: "tea" }, at)
      const error = yield* Effect.flip(prices.get("a"))
      assert.strictEqual(error._tag, "DeserializationError")
      assert.include(error.message, "it matches no version of the collection's schema")
      if (error._tag === "DeserializationError") assert.include(String(error.cause), "title")
    }).pipe(Effect.provide(memory()))
  )

  it.effect("fails with DeserializationError and the cause when an upgrade function throws", () =>
    Effect.gen(function* () {
      const prices = yield* make
      yield* plant("a", { name: "throws", cents: 1 }, at)
      const error = yield* Effect.flip(prices.get("a"))
      assert.strictEqual(error._tag, "DeserializationError")
      if (error._tag === "DeserializationError") assert.strictEqual(String(error.cause), "Error: cannot upgrade")
      const lenient = yield* Collection.make({ ...options, onInvalid: "miss" })
      assert.deepStrictEqual(yield* lenient.get("a"), Option.none())
    }).pipe(Effect.provide([memory(), Logger.layer([])]))
  )
})

describe("Collection.upgrade", () => {
  it.effect("rewrites values of older versions, and lists those that it leaves", () =>
    Effect.gen(function* () {
      const prices = yield* make
      const values: Readonly<Record<string, Value.Value>> = {
        a: one,
        b: two,
        c: current,
        d: "damaged",
        e: { name: "throws", euros: 1 },
        f: { name: "negative", euros: -1 }
      }
      for (const [key, value] of Object.entries(values)) yield* plant(key, value, at)
      const expected = { gone: 0, failed: ["DeserializationError", "DeserializationError", "DeserializationError"] }
      assert.deepStrictEqual(yield* all(prices.upgrade()), { upgraded: 2, current: 1, ...expected })
      for (const key of ["a", "b", "c"]) assert.deepStrictEqual(yield* stored(key, at), current)
      for (const key of ["d", "e", "f"]) assert.deepStrictEqual(yield* stored(key, at), values[key])
      assert.deepStrictEqual(yield* all(prices.upgrade()), { upgraded: 0, current: 3, ...expected })
    }).pipe(Effect.provide(memory()))
  )

  it.effect("keeps the expiry and the time of writing", () =>
    Effect.gen(function* () {
      const prices = yield* Collection.make({ ...options, ttl: "1 hour" })
      yield* TestClock.setTime(1_000_000)
      yield* plant("a", one, { ...at, ttl: "10 minutes" })
      yield* plant("eternal", one, at)
      yield* TestClock.adjust("4 minutes")
      assert.strictEqual((yield* all(prices.upgrade())).upgraded, 2)
      const found = yield* prices.ttlMany(["a", "eternal"])
      assert.deepStrictEqual(found.map(Option.map(({ ttl }) => ttl)), [
        Option.some(Duration.minutes(6)),
        Option.some(undefined)
      ])
      assert.strictEqual((yield* entry("a"))?.createdAt, 1_000_000)
    }).pipe(Effect.provide(memory()))
  )

  it.effect("does not overwrite a write that comes between its read and its write", () => {
    let writes = 0
    const raced = Driver.wrapper((driver) => ({
      ...driver,
      atomic: {
        compareAndPut: (call) =>
          Effect.suspend(() =>
            writes++ === 0
              ? Effect.andThen(Effect.orDie(plantBelow(driver, call.keys[0]!)), driver.atomic!.compareAndPut(call))
              : driver.atomic!.compareAndPut(call)
          )
      }
    }))
    return Effect.gen(function* () {
      const prices = yield* make
      yield* plant("a", one, at)
      const fiber = yield* Effect.forkChild(all(prices.upgrade()))
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* Fiber.join(fiber), { upgraded: 0, current: 1, failed: [] })
      assert.deepStrictEqual(yield* stored("a", at), { title: "coffee", euros: 3 })
    }).pipe(Effect.provide(memory().pipe(raced)))
  })

  it.effect("can be interrupted before any of its steps, and started again", () =>
    Effect.gen(function* () {
      const prices = yield* make
      const keys = ["a", "b", "c"]
      for (let step = 1; step <= 300; step += 3) {
        for (const key of keys) yield* plant(key, one, at)
        yield* interruptedBefore(step, Stream.runDrain(prices.upgrade({ concurrency: 1 })))
        assert.deepStrictEqual(yield* prices.getMany(keys), [tea, tea, tea].map(Option.some))
        const { upgraded, current: done } = yield* all(prices.upgrade())
        assert.strictEqual(upgraded + done, 3)
      }
      for (const key of keys) assert.deepStrictEqual(yield* stored(key, at), current)
    }).pipe(Effect.provide(memory()))
  )

  it.effect("reads in chunks, and reports each of them", () =>
    Effect.gen(function* () {
      const prices = yield* make
      for (let i = 0; i < 25; i++) yield* plant(`${i}`, i % 2 === 0 ? one : current, at)
      const progress = yield* Stream.runCollect(prices.upgrade({ chunkSize: 10 }))
      assert.deepStrictEqual(
        progress.map((it) => it.upgraded + it.current),
        [10, 10, 5]
      )
      assert.deepStrictEqual(
        progress.map((it) => it.collection),
        ["prices", "prices", "prices"]
      )
    }).pipe(Effect.provide(memory()))
  )

  it.effect("asks the store and not a cache, which may have a newer copy than the store", () => {
    const cached = memory().pipe(PassthroughCache.wrap({ cache: Memory.layer() }))
    return Effect.gen(function* () {
      const prices = yield* make
      yield* prices.put("a", tea)
      yield* prices.get("a")
      yield* plant("a", one, at)
      assert.deepInclude(yield* all(prices.upgrade()), { upgraded: 1, current: 0 })
      assert.deepStrictEqual(yield* stored("a", at), current)
    }).pipe(Effect.provide(cached))
  })

  it.effect("lists entries that are too large or that a wrapper does not store, and goes on", () =>
    Effect.gen(function* () {
      const base = memory()
      const run = Effect.flatMap(make, (prices) => all(prices.upgrade()))
      return yield* Effect.gen(function* () {
        yield* plant("a", { name: "x".repeat(100), cents: 1 }, at)
        yield* plant("b", one, at)
        const limited = base.pipe(LimitSize.wrap({ maxSize: 60, onTooLarge: "fail" }))
        assert.deepStrictEqual(yield* Effect.provide(run, limited), {
          upgraded: 1,
          current: 0,
          gone: 0,
          failed: ["EntryTooLargeError"]
        })
        const ignoring = base.pipe(ReadOnly.wrap({ onWrite: "ignore" }))
        assert.deepStrictEqual((yield* Effect.provide(run, ignoring)).failed, ["StoreError"])
      }).pipe(Effect.provide(base))
    })
  )
})

const plantBelow = (driver: Driver.Driver, key: string) =>
  KeyValue.make(driver).put(key, { title: "coffee", euros: 3 }, at)
