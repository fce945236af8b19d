/** Tests the operations that capabilities add to a collection, and `has`, `touch` and TTLs of single entries. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Atomic, Collection, Driver, Enumeration, LimitSize, Maintenance, Memory } from "../../src/index.ts"
import { faulty, script } from "../support/faults.ts"
import { both, memory, plant, stored } from "../support/inspect.ts"
import { interruptedBefore } from "../support/steps.ts"

const Day = Schema.Struct({ day: Schema.Date, visits: Schema.Int })
const day = (visits: number) => ({ day: new Date(0), visits })
const raw = (visits: number) => ({ day: "1970-01-01T00:00:00.000Z", visits })
const at = { collection: "days" }

const capabilities = [Atomic.Atomic, Enumeration.Enumeration, Maintenance.Maintenance] as const
const options = { ...at, schema: Day, ttl: "1 hour", capabilities } as const
const make = Collection.make(options)
const lenient = Collection.make({ ...options, onInvalid: "miss" })
const more = Option.map(({ day, visits }: typeof Day.Type) => ({ day, visits: visits + 1 }))
const first = (current: Option.Option<typeof Day.Type>) => Option.orElseSome(more(current), () => day(1))
const ttlOf = (found: Option.Option<{ readonly ttl: Duration.Duration | undefined }>) => Option.getOrThrow(found).ttl

const silent = Logger.layer([])
const sorted = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.map(Stream.runCollect(stream), (all) => all.sort((a, b) => (String(a) < String(b) ? -1 : 1)))

describe("Collection with Atomic", () => {
  it.effect("update gets None for a missing key, and stores what the function returns as the schema encodes it", () =>
    Effect.gen(function* () {
      const days = yield* make
      assert.deepStrictEqual(yield* days.update("a", first), Option.some(day(1)))
      assert.deepStrictEqual(yield* days.update("a", first), Option.some(day(2)))
      assert.deepStrictEqual(yield* stored("a", at), raw(2))
      assert.deepStrictEqual(
        yield* days.update(
          "a",
          Option.filter(() => false)
        ),
        Option.none()
      )
      assert.deepStrictEqual(yield* days.get("a"), Option.none())
      assert.deepStrictEqual(yield* days.update("a", () => Option.none()), Option.none())
    }).pipe(Effect.provide(memory()))
  )

  it.effect("update gives a new entry the TTL of the collection, and keeps the expiry of an existing one", () =>
    Effect.gen(function* () {
      const days = yield* make
      yield* days.update("a", first)
      assert.deepStrictEqual(ttlOf(yield* days.ttl("a")), Duration.hours(1))
      yield* TestClock.adjust("20 minutes")
      yield* days.update("a", first)
      assert.deepStrictEqual(ttlOf(yield* days.ttl("a")), Duration.minutes(40))
      yield* days.update("a", first, { ttl: "2 minutes" })
      assert.deepStrictEqual(ttlOf(yield* days.ttl("a")), Duration.minutes(2))
      yield* days.update("a", first, { ttl: "Infinity" })
      assert.isUndefined(ttlOf(yield* days.ttl("a")))
    }).pipe(Effect.provide(memory()))
  )

  it.effect("updates of many fibers lose nothing", () => {
    const slow = script()
    return Effect.gen(function* () {
      const days = yield* make
      const updates = Effect.forEach(Array.from({ length: 30 }), () => days.update("a", first, { maxRetries: 1000 }), {
        concurrency: "unbounded"
      })
      slow.always = 1
      const fiber = yield* Effect.forkChild(updates)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      slow.always = "ok"
      assert.deepStrictEqual(yield* days.get("a"), Option.some(day(30)))
    }).pipe(Effect.provide(memory().pipe(faulty(slow))))
  })

  it.effect("update runs again after another writer, and fails with ConflictError after maxRetries", () =>
    Effect.gen(function* () {
      const days = yield* make
      const { inner } = yield* both
      let runs = 0
      const disturbed = (current: Option.Option<typeof Day.Type>) =>
        Effect.as(inner.put("a", raw(10 * ++runs), at), first(current))
      const once = Effect.forkChild(
        days.updateEffect("a", (current) => (runs === 0 ? disturbed(current) : Effect.succeed(first(current))))
      )
      const fiber = yield* once
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Option.some(day(11)))
      const failing = yield* Effect.forkChild(Effect.flip(days.updateEffect("a", disturbed, { maxRetries: 2 })))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(failing)
      assert.strictEqual(error._tag, "ConflictError")
      assert.strictEqual(runs, 4)
    }).pipe(Effect.provide(memory()))
  )

  it.effect(
    "updateEffect keeps the errors of its effect, and writes nothing when it fails, dies or is interrupted",
    () =>
      Effect.gen(function* () {
        const days = yield* make
        yield* days.put("a", day(1))
        assert.strictEqual(yield* Effect.flip(days.updateEffect("a", () => Effect.fail("boom" as const))), "boom")
        const thrown = yield* Effect.exit(
          days.update("a", () => {
            throw new Error("thrown")
          })
        )
        assert.isTrue(Exit.isFailure(thrown) && Cause.hasDies(thrown.cause))
        const gate = yield* Deferred.make<void>()
        const waiting = days.updateEffect("a", (current) => Effect.as(Deferred.await(gate), first(current)))
        const fiber = yield* Effect.forkChild(waiting, { startImmediately: true })
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* days.get("a"), Option.some(day(1)))
      }).pipe(Effect.provide(memory()))
  )

  it.effect("an update that is interrupted before any of its steps leaves the old or the new value", () =>
    Effect.gen(function* () {
      const days = yield* make
      for (let step = 1; step <= 120; step++) {
        yield* days.put("a", day(step))
        yield* interruptedBefore(step, days.update("a", first))
        const found = Option.getOrThrow(yield* days.get("a"))
        assert.include([step, step + 1], found.visits)
        assert.deepStrictEqual(yield* days.update("a", first), Option.some(day(found.visits + 1)))
      }
    }).pipe(Effect.provide(memory()))
  )

  it.effect("update and getAndDelete fail on a value that does not fit the schema, and leave it", () =>
    Effect.gen(function* () {
      const days = yield* make
      yield* plant("a", "damaged", at)
      for (const call of [days.update("a", first), days.getAndDelete("a")]) {
        const error = yield* Effect.flip(call)
        assert.strictEqual(error._tag, "DeserializationError")
      }
      assert.strictEqual(yield* stored("a", at), "damaged")
    }).pipe(Effect.provide(memory()))
  )

  it.effect("with onInvalid miss, update replaces such a value with a new entry, or leaves it if there is none", () =>
    Effect.gen(function* () {
      const days = yield* lenient
      yield* plant("a", "damaged", { ...at, ttl: "1 minute" })
      assert.deepStrictEqual(yield* days.update("a", () => Option.none()), Option.none())
      assert.strictEqual(yield* stored("a", at), "damaged")
      assert.deepStrictEqual(yield* days.update("a", first), Option.some(day(1)))
      assert.deepStrictEqual(ttlOf(yield* days.ttl("a")), Duration.hours(1))
      yield* plant("a", "damaged", at)
      assert.isFalse(yield* days.putIfAbsent("a", day(1)))
      assert.deepStrictEqual(yield* days.getAndDelete("a"), Option.none())
      assert.isUndefined(yield* stored("a", at))
    }).pipe(Effect.provide([memory(), silent]))
  )

  it.effect("update fails with SerializationError when the new value does not fit the schema", () =>
    Effect.gen(function* () {
      const days = yield* make
      const error = yield* Effect.flip(days.update("a", () => Option.some(day(1.5))))
      assert.strictEqual(error._tag, "SerializationError")
      assert.strictEqual((yield* Effect.flip(days.putIfAbsent("a", day(1.5))))._tag, "SerializationError")
      assert.isFalse(yield* days.has("a"))
    }).pipe(Effect.provide(memory()))
  )

  it.effect("update returns the value that the key has when a limit drops the new one", () =>
    Effect.gen(function* () {
      const texts = yield* Collection.make({ collection: "t", schema: Schema.String, capabilities: [Atomic.Atomic] })
      yield* texts.put("a", "short")
      assert.deepStrictEqual(yield* texts.update("a", () => Option.some("x".repeat(100))), Option.some("short"))
    }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ maxSize: 50, onTooLarge: "ignore" }))))
  )

  it.effect("putIfAbsent stores only the first value, with the TTL of the collection", () =>
    Effect.gen(function* () {
      const days = yield* make
      assert.isTrue(yield* days.putIfAbsent("a", day(1)))
      assert.isFalse(yield* days.putIfAbsent("a", day(2)))
      assert.deepStrictEqual(yield* days.ttl("a"), Option.some({ value: day(1), ttl: Duration.hours(1) }))
      assert.isTrue(yield* days.putIfAbsent("b", day(2), { ttl: "1 minute" }))
      assert.deepStrictEqual(ttlOf(yield* days.ttl("b")), Duration.minutes(1))
    }).pipe(Effect.provide(memory()))
  )

  it.effect("getAndDelete gives the value to one of several callers", () => {
    const slow = script()
    return Effect.gen(function* () {
      const days = yield* make
      yield* days.put("a", day(1))
      slow.always = 1
      const fiber = yield* Effect.forkChild(
        Effect.forEach([1, 2, 3], () => days.getAndDelete("a"), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).filter(Option.isSome), [Option.some(day(1))])
    }).pipe(Effect.provide(memory().pipe(faulty(slow))))
  })

  it.effect("getAndDelete keeps a running load of the key from storing its value", () =>
    Effect.gen(function* () {
      const days = yield* make
      const gate = yield* Deferred.make<void>()
      const load = yield* Effect.forkChild(days.getOrSet("a", Effect.as(Deferred.await(gate), day(1))))
      yield* Effect.yieldNow
      assert.deepStrictEqual(yield* days.getAndDelete("a"), Option.none())
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Fiber.join(load), day(1))
      assert.deepStrictEqual(yield* days.get("a"), Option.none())
    }).pipe(Effect.provide(memory()))
  )
})

describe("Collection with Enumeration", () => {
  const orders = { collection: "orders", key: Schema.FiniteFromString, schema: Day, capabilities } as const

  it.effect("keys lists decoded keys of this collection only, and entries their values", () =>
    Effect.gen(function* () {
      const all = yield* Collection.make(orders)
      yield* plant("x", 1, at)
      yield* all.putMany([1, 2, 13].map((n) => [n, day(n)] as const))
      assert.deepStrictEqual(yield* sorted(all.keys()), [1, 13, 2])
      assert.deepStrictEqual(yield* sorted(all.keys({ prefix: "1", pageSize: 1 })), [1, 13])
      assert.deepStrictEqual(yield* sorted(all.entries({ pageSize: 2 })), [
        [1, day(1)],
        [13, day(13)],
        [2, day(2)]
      ])
      assert.strictEqual((yield* Stream.runCollect(all.entries({ limit: 2 }))).length, 2)
    }).pipe(Effect.provide(memory()))
  )

  it.effect("a stored key that does not fit the key schema fails the streams, or is left out with onInvalid miss", () =>
    Effect.gen(function* () {
      const strict = yield* Collection.make(orders)
      const lenient = yield* Collection.make({ ...orders, onInvalid: "miss" })
      yield* strict.put(1, day(1))
      yield* plant("one", raw(1), { collection: "orders" })
      yield* plant("2", "damaged", { collection: "orders" })
      assert.strictEqual((yield* Effect.flip(Stream.runCollect(strict.keys())))._tag, "InvalidKeyError")
      const damaged = yield* Effect.flip(Stream.runCollect(strict.entries({ prefix: "2" })))
      assert.strictEqual(damaged._tag, "DeserializationError")
      assert.deepStrictEqual(yield* sorted(lenient.keys()), [1, 2])
      assert.deepStrictEqual(yield* sorted(lenient.entries()), [[1, day(1)]])
    }).pipe(Effect.provide([memory(), silent]))
  )

  it.effect("entries leaves out an entry that is deleted after its key was listed", () => {
    const deleting = Driver.wrapper((driver) => ({
      ...driver,
      get: (call) =>
        Effect.andThen(
          call.keys.includes("b")
            ? Effect.orDie(
                driver.delete({ ...call, _tag: "delete", keys: ["b"], place: { ...call.place, keys: ["b"] } })
              )
            : Effect.void,
          driver.get(call)
        )
    }))
    return Effect.gen(function* () {
      const days = yield* make
      yield* days.putMany(["a", "b", "c"].map((key, i) => [key, day(i)] as const))
      const keys = (yield* sorted(days.entries())).map(([key]) => key)
      assert.deepStrictEqual(keys, ["a", "c"])
    }).pipe(Effect.provide(memory().pipe(deleting)))
  })

  it.effect("entries of 100,000 reads a page at a time, when the stream is pulled that far", () => {
    const calls = script()
    const seed = { n: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`${i}`, i])) }
    return Effect.gen(function* () {
      const numbers = yield* Collection.make({ collection: "n", schema: Schema.Finite, capabilities })
      yield* Stream.runDrain(Stream.take(numbers.entries(), 1500))
      assert.isAtMost(calls.calls.length, 6)
      calls.calls.length = 0
      const sum = yield* Stream.runFold(
        numbers.entries(),
        () => 0,
        (sum, [, n]) => sum + n
      )
      assert.strictEqual(sum, 4_999_950_000)
      const reads = calls.calls.filter(({ _tag }) => _tag === "get")
      assert.isAtMost(Math.max(...reads.map(Driver.keyCount)), 1000)
      assert.isAtMost(reads.length, 110)
    }).pipe(Effect.provide(Memory.layer({ seed }).pipe(faulty(calls))))
  })
})

describe("Collection with Maintenance", () => {
  it.effect("clear removes the entries of this collection only, and returns their number", () =>
    Effect.gen(function* () {
      const days = yield* make
      yield* plant("x", 1, { collection: "other" })
      yield* days.putMany(["a", "b"].map((key, i) => [key, day(i)] as const))
      assert.strictEqual(yield* days.clear, 2)
      assert.strictEqual(yield* days.clear, 0)
      assert.strictEqual(yield* stored("x", { collection: "other" }), 1)
    }).pipe(Effect.provide(memory()))
  )
})

describe("Collection", () => {
  it.effect("has tells whether there is an entry, whatever its value", () =>
    Effect.gen(function* () {
      const days = yield* Collection.make({ ...at, schema: Day })
      yield* plant("a", "damaged", at)
      assert.isTrue(yield* days.has("a"))
      assert.isFalse(yield* days.has("b"))
    }).pipe(Effect.provide(memory()))
  )

  it.effect("touch renews the TTL: the given one, or that of the collection", () =>
    Effect.gen(function* () {
      const days = yield* make
      yield* days.put("a", day(1), { ttl: "1 minute" })
      assert.isTrue(yield* days.touch("a"))
      assert.deepStrictEqual(yield* days.ttl("a"), Option.some({ value: day(1), ttl: Duration.hours(1) }))
      yield* days.touch("a", { ttl: "5 minutes" })
      assert.deepStrictEqual(ttlOf(yield* days.ttl("a")), Duration.minutes(5))
      yield* days.touch("a", { ttl: "Infinity" })
      assert.isUndefined(ttlOf(yield* days.ttl("a")))
      assert.isFalse(yield* days.touch("b"))
    }).pipe(Effect.provide(memory()))
  )

  it.effect("putMany gives entries their own TTLs, and the others the common one", () =>
    Effect.gen(function* () {
      const days = yield* make
      yield* days.putMany([
        ["a", day(1), { ttl: "1 minute" }],
        ["b", day(2)],
        ["c", day(3), { ttl: "Infinity" }]
      ])
      const found = yield* days.ttlMany(["a", "b", "c"])
      assert.deepStrictEqual(found.map(ttlOf), [Duration.minutes(1), Duration.hours(1), undefined])
      const error = yield* Effect.flip(
        days.putMany([
          ["a", day(9)],
          ["b", day(9), { ttl: -1 }]
        ])
      )
      assert.strictEqual(error._tag, "InvalidTtlError")
      assert.deepStrictEqual(yield* days.get("a"), Option.some(day(1)))
    }).pipe(Effect.provide(memory()))
  )

  it.effect("dies when a capability is from another store than KeyValue", () =>
    Effect.gen(function* () {
      const atomic = yield* Effect.provide(Atomic.Atomic, Memory.layer())
      const exit = yield* Effect.exit(Effect.provideService(make, Atomic.Atomic, atomic))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.include(Cause.pretty(Exit.isFailure(exit) ? exit.cause : Cause.empty), "Store.Service")
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("a service with capabilities has their operations", () => {
    class Days extends Collection.Service<Days>()("days", { schema: Day, capabilities }) {}
    return Effect.gen(function* () {
      const days = yield* Days
      yield* days.update("a", first)
      assert.deepStrictEqual(yield* sorted(days.keys()), ["a"])
      assert.strictEqual(yield* days.clear, 1)
    }).pipe(Effect.provide(Days.layer.pipe(Layer.provide(Memory.layer()))))
  })

  it.effect("without capabilities, a collection has no operations of theirs", () =>
    Effect.gen(function* () {
      const days = yield* Collection.make({ ...at, schema: Day })
      for (const name of ["update", "keys", "clear", "upgrade"]) assert.notProperty(days, name)
    }).pipe(Effect.provide(Memory.layer()))
  )
})
