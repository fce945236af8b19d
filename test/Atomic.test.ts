/**
 * Tests `Atomic.make` over one driver: retries after conflicts, their limit, and the outcome that each failure
 * reports.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Atomic from "../src/Atomic.ts"
import * as Driver from "../src/Driver.ts"
import type * as Call from "../src/driver/Call.ts"
import { KeyValue } from "../src/KeyValue.ts"
import { StoreError, StoreUnavailableError, TimeoutError } from "../src/KeyValueError.ts"
import * as Rotation from "../src/Rotation.ts"
import * as Memory from "../src/stores/Memory.ts"
import type { Value } from "../src/Value.ts"
import * as Aead from "../src/wrappers/Aead.ts"
import * as ReadOnly from "../src/wrappers/ReadOnly.ts"
import { call, recording } from "./driver/recording.ts"

const putCall = call.put("default_collection", { a: "value" })

const increment = (value: Value | undefined): Value => ((value as number | undefined) ?? 0) + 1

/** A service whose first writes lose against another writer. */
const contended = Effect.fnUntraced(function* (losses: number) {
  const { driver, calls } = yield* recording
  let left = losses
  const atomic = Atomic.make({
    ...driver,
    atomic: {
      compareAndPut: (call) =>
        Effect.suspend(() => (left-- > 0 ? Effect.succeed(false) : driver.atomic.compareAndPut(call)))
    }
  })
  const gets = () => calls.filter((call): call is Call.Get => call._tag === "get")
  return { atomic, driver, calls, gets }
})

describe("Atomic", () => {
  it.effect("update reads the latest value again after a conflict", () =>
    Effect.gen(function* () {
      const { atomic, gets } = yield* contended(3)
      const updating = yield* Effect.forkChild(atomic.update("a", increment))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(updating), 1)
      assert.strictEqual(gets().length, 4)
      assert.isTrue(gets().every((call) => call.versioned && call.expiry))
    })
  )

  it.effect("pauses before each new attempt", () =>
    Effect.gen(function* () {
      const { atomic, gets } = yield* contended(Number.POSITIVE_INFINITY)
      yield* Effect.forkChild(atomic.update("a", increment), { startImmediately: true })
      yield* Effect.yieldNow
      assert.strictEqual(gets().length, 1, "before any time has passed")
      yield* TestClock.adjust("2 millis")
      assert.isAbove(gets().length, 1)
      const after = gets().length
      yield* TestClock.adjust("600 millis")
      assert.isBelow(gets().length - after, 30, "pauses grow")
    })
  )

  it.effect("fails with ConflictError after maxRetries, and stores nothing", () =>
    Effect.gen(function* () {
      const { atomic, driver, gets } = yield* contended(Number.POSITIVE_INFINITY)
      const updating = yield* Effect.forkChild(Effect.flip(atomic.update("a", increment, { maxRetries: 4 })))
      yield* TestClock.adjust("10 seconds")
      const error = yield* Fiber.join(updating)
      assert.strictEqual(error._tag, "ConflictError")
      assert.strictEqual(error._tag === "ConflictError" && error.attempts, 5)
      assert.strictEqual(gets().length, 5)
      const [found] = yield* driver.get(gets()[0]!)
      assert.isUndefined(found)
    })
  )

  it.effect("gives up after 100 retries by default", () =>
    Effect.gen(function* () {
      const { atomic, gets } = yield* contended(Number.POSITIVE_INFINITY)
      const updating = yield* Effect.forkChild(Effect.flip(atomic.update("a", increment)))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(updating))._tag, "ConflictError")
      assert.strictEqual(gets().length, 101)
    })
  )

  it.effect("does not retry a failure that is not a conflict", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      const failing = Atomic.make({
        ...driver,
        atomic: { compareAndPut: (call) => Effect.fail(new StoreError({ ...call.place, reason: "no" })) }
      })
      assert.strictEqual((yield* Effect.flip(failing.update("a", increment)))._tag, "StoreError")
      assert.strictEqual((yield* Effect.flip(failing.putIfAbsent("a", 1)))._tag, "StoreError")
      assert.strictEqual(calls.length, 1)
    })
  )

  it.effect("writes nothing when the key is missing and update returns undefined", () =>
    Effect.gen(function* () {
      const { atomic, calls } = yield* contended(0)
      assert.isUndefined(yield* atomic.update("a", () => undefined))
      assert.isUndefined(yield* atomic.getAndDelete("a"))
      assert.deepStrictEqual(
        calls.map((call) => call._tag),
        ["get", "get"]
      )
    })
  )

  it.effect("retries conflicts in getAndDelete", () =>
    Effect.gen(function* () {
      const { atomic, driver, gets } = yield* contended(2)
      yield* driver.put(putCall)
      const getting = yield* Effect.forkChild(atomic.getAndDelete("a"))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(getting), "value")
      assert.strictEqual(gets().length, 3)
    })
  )

  it.effect("checks the TTL only when there is something to write", () =>
    Effect.gen(function* () {
      const { atomic, calls } = yield* contended(0)
      assert.strictEqual((yield* Effect.flip(atomic.update("a", increment, { ttl: 0 })))._tag, "InvalidTtlError")
      assert.strictEqual((yield* Effect.flip(atomic.putIfAbsent("a", 1, { ttl: -1 })))._tag, "InvalidTtlError")
      assert.strictEqual((yield* Effect.flip(atomic.putIfAbsent("\uD800", 1)))._tag, "InvalidKeyError")
      assert.isFalse(calls.some((call) => call._tag === "compareAndPut"))
    })
  )

  it.effect("reports the outcome not-applied when the read fails, and unknown when the write fails", () =>
    Effect.gen(function* () {
      const unavailable = (call: Call.Call) =>
        Effect.fail(new StoreUnavailableError({ ...call.place, reason: "the answer was lost", sent: true }))
      const late = (call: Call.Call) => Effect.fail(new TimeoutError({ ...call.place, duration: Duration.seconds(1) }))
      for (const failing of [unavailable, late]) {
        const { driver } = yield* recording
        yield* driver.put(putCall)
        const reading = Atomic.make({ ...driver, get: failing })
        const writing = Atomic.make({ ...driver, atomic: { compareAndPut: failing } })
        const outcomes = yield* Effect.forEach(
          [
            reading.update("a", increment),
            reading.getAndDelete("a"),
            writing.update("a", () => 1),
            writing.getAndDelete("a")
          ],
          (operation) => Effect.map(Effect.flip(operation), (error) => "outcome" in error && error.outcome)
        )
        assert.deepStrictEqual(outcomes, ["not-applied", "not-applied", "unknown", "unknown"])
        const error = yield* Effect.flip(reading.update("a", increment))
        assert.notInclude(error.message, "may still be applied")
        assert.strictEqual("operation" in error && error.operation, "update")
      }
    })
  )

  it.effect("reports the outcome not-applied when a rotation cannot read an entry", () =>
    Effect.gen(function* () {
      const layer = Memory.layer().pipe(
        Driver.wrapper((driver) => ({
          ...driver,
          get: (call) =>
            Effect.fail(new StoreUnavailableError({ ...call.place, reason: "the answer was lost", sent: true }))
        }))
      )
      const error = yield* Effect.flip(
        Effect.gen(function* () {
          yield* (yield* KeyValue).put("a", 1)
          yield* Stream.runDrain(Rotation.rotate())
        }).pipe(Effect.provide(layer))
      )
      assert.strictEqual("outcome" in error && error.outcome, "not-applied")
    })
  )

  it.effect("lists an entry in failed when a wrapper drops its write during a rotation", () =>
    Effect.gen(function* () {
      const key = yield* Aead.generateKey
      const memo = yield* Layer.makeMemoMap
      const scope = yield* Effect.scope
      const base = Memory.layer()
      const plain = yield* Layer.buildWithMemoMap(base, memo, scope)
      const guarded = yield* Layer.buildWithMemoMap(
        base.pipe(Aead.wrap({ keys: [{ id: "1", key }], allowPlaintext: true }), ReadOnly.wrap({ onWrite: "ignore" })),
        memo,
        scope
      )
      yield* Context.get(plain, KeyValue).put("a", 1)
      const progress = yield* Effect.provide(Stream.runCollect(Rotation.rotate()), guarded)
      assert.deepStrictEqual(
        progress.map(({ rotated, failed }) => [rotated, failed.map(({ _tag }) => _tag)]),
        [[0, ["StoreError"]]]
      )
    }).pipe(Effect.scoped)
  )
})
