import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Atomic from "../src/Atomic.ts"
import type * as Call from "../src/driver/Call.ts"
import { StoreError } from "../src/KeyValueError.ts"
import type { Value } from "../src/Value.ts"
import { call, recording } from "./driver/recording.ts"

const putCall = call.put("default_collection", { a: "value" })

const increment = (value: Value | undefined): Value => ((value as number | undefined) ?? 0) + 1

/** A service whose first writes lose against another writer. */
const contended = Effect.fnUntraced(function* (losses: number) {
  const { driver, calls } = yield* recording
  let left = losses
  const atomic = Atomic.make({
    ...driver,
    compareAndPut: (call) => Effect.suspend(() => (left-- > 0 ? Effect.succeed(false) : driver.compareAndPut(call)))
  })
  const gets = () => calls.filter((call): call is Call.Get => call._tag === "get")
  return { atomic, driver, calls, gets }
})

describe("Atomic", () => {
  it.effect("update starts again after a conflict, with the latest value", () =>
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

  it.effect("does not retry what is not a conflict", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      const failing = Atomic.make({
        ...driver,
        compareAndPut: (call) => Effect.fail(new StoreError({ ...call.place, reason: "no" }))
      })
      assert.strictEqual((yield* Effect.flip(failing.update("a", increment)))._tag, "StoreError")
      assert.strictEqual((yield* Effect.flip(failing.putIfAbsent("a", 1)))._tag, "StoreError")
      assert.strictEqual(calls.length, 1)
    })
  )

  it.effect("an update of nothing to nothing writes nothing", () =>
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

  it.effect("getAndDelete retries conflicts, too", () =>
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
})
