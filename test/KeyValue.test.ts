/** Tests `KeyValue.make` over a driver that records its calls: what each method sends, checks and returns. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import type * as Call from "../src/driver/Call.ts"
import * as KeyValue from "../src/KeyValue.ts"
import type { Value } from "../src/Value.ts"
import { recording } from "./driver/recording.ts"

const service = Effect.map(recording, ({ driver, calls }) => ({ kv: KeyValue.make(driver), calls }))

const at = { collection: "c" }

describe("KeyValue", () => {
  it.effect("runs an effect over a one-time iterator again", () =>
    Effect.gen(function* () {
      const { kv, calls } = yield* service
      const keys = () => ["a", "b"].values()
      const pairs = ["a", "b"].map((key) => [key, 1] as const).values()
      for (const effect of [kv.putMany(pairs), kv.getMany(keys()), kv.ttlMany(keys()), kv.deleteMany(keys())]) {
        const run = effect as Effect.Effect<unknown, unknown>
        yield* run
        yield* run
      }
      assert.deepStrictEqual(
        calls.map((call) => call.place.keys.join()),
        Array(8).fill("a,b")
      )
    })
  )

  it.effect("makes one call of each method, with the user's names and operation", () =>
    Effect.gen(function* () {
      const { kv, calls } = yield* service
      const twoPairs: ReadonlyArray<readonly [string, Value]> = [
        ["a", 1],
        ["b", 2]
      ]
      const one = [kv.get("a", at), kv.ttl("a", at), kv.put("a", 1, at), kv.delete("a", at)] as ReadonlyArray<
        Effect.Effect<unknown, unknown>
      >
      const many = [
        kv.getMany(["a", "b"], at),
        kv.ttlMany(["a", "b"], at),
        kv.putMany(twoPairs, at),
        kv.deleteMany(["a", "b"], at)
      ] as ReadonlyArray<Effect.Effect<unknown, unknown>>
      yield* Effect.forEach([...one, ...many], (effect) => effect)
      assert.deepStrictEqual(
        calls.map((call) => [call._tag, call.place.operation, call.place.collection, call.place.keys.join()]),
        [
          ["get", "get", "c", "a"],
          ["get", "ttl", "c", "a"],
          ["put", "put", "c", "a"],
          ["delete", "delete", "c", "a"],
          ["get", "getMany", "c", "a,b"],
          ["get", "ttlMany", "c", "a,b"],
          ["put", "putMany", "c", "a,b"],
          ["delete", "deleteMany", "c", "a,b"]
        ]
      )
      const gets = calls.filter((call): call is Call.Get => call._tag === "get")
      assert.deepStrictEqual(
        gets.map(({ expiry, versioned }) => [expiry, versioned]),
        [
          [false, false],
          [true, false],
          [false, false],
          [true, false]
        ]
      )
    })
  )

  it.effect("does not call the driver for an empty batch or invalid input", () =>
    Effect.gen(function* () {
      const { kv, calls } = yield* service
      yield* kv.getMany([])
      yield* kv.putMany([])
      yield* kv.deleteMany([])
      const failures = [
        kv.get("\uD800"),
        kv.get("a", { collection: "\uD800" }),
        kv.put("a", Number.NaN),
        kv.put("a", 1, { ttl: 0 }),
        kv.putMany([
          ["a", 1],
          ["\uD800", 1]
        ])
      ]
      const tags = yield* Effect.forEach(failures, (effect) =>
        Effect.map(Effect.flip(effect as Effect.Effect<unknown, { readonly _tag: string }>), (error) => error._tag)
      )
      assert.deepStrictEqual(tags, [
        "InvalidKeyError",
        "InvalidKeyError",
        "SerializationError",
        "InvalidTtlError",
        "InvalidKeyError"
      ])
      assert.strictEqual(calls.length, 0)
    })
  )

  it.effect("fails with InvalidKeyError, not with a defect, when a name is not a string", () =>
    Effect.gen(function* () {
      const { kv } = yield* service
      for (const key of [1, null, undefined, {}]) {
        const error = yield* Effect.flip(kv.get(key as unknown as string))
        assert.strictEqual(error._tag, "InvalidKeyError")
      }
    })
  )

  it.effect("reads values, TTL and time when the effect runs, not when it is made", () =>
    Effect.gen(function* () {
      const { kv } = yield* service
      const value = { n: 1 }
      const put = kv.put("a", value, { ttl: "1 minute" })
      value.n = 2
      yield* TestClock.adjust("1 hour")
      yield* put
      assert.deepStrictEqual(yield* kv.ttl("a"), { value: { n: 2 }, ttl: Duration.minutes(1) })
      yield* TestClock.adjust("59 seconds")
      yield* put
      assert.deepStrictEqual(yield* kv.ttl("a"), { value: { n: 2 }, ttl: Duration.minutes(1) })
    })
  )

  it.effect("stores with each entry the time when it was written", () =>
    Effect.gen(function* () {
      const { kv, calls } = yield* service
      yield* TestClock.adjust(1000)
      yield* kv.put("a", 1, { ttl: 500 })
      yield* kv.put("b", 1)
      const entries = calls.flatMap((call) => (call._tag === "put" ? call.entries : []))
      assert.deepStrictEqual(
        entries.map(({ createdAt, expiresAt }) => [createdAt, expiresAt]),
        [
          [1000, 1500],
          [1000, undefined]
        ]
      )
    })
  )

  it.effect("cuts off fractions of a millisecond, and refuses a TTL that becomes zero", () =>
    Effect.gen(function* () {
      const { kv } = yield* service
      yield* kv.put("a", 1, { ttl: 1.9 })
      assert.deepStrictEqual((yield* kv.ttl("a"))?.ttl, Duration.millis(1))
      assert.strictEqual((yield* Effect.flip(kv.put("a", 1, { ttl: 0.9 })))._tag, "InvalidTtlError")
    })
  )

  it.effect("says in InvalidTtlError what is wrong with the TTL", () =>
    Effect.gen(function* () {
      const { kv } = yield* service
      const cases: ReadonlyArray<readonly [unknown, string]> = [
        [0, "the TTL is not positive"],
        [-1, "the TTL is not positive"],
        [Number.NaN, "the TTL is not a duration"],
        ["soon", "the TTL is not a duration"],
        [0.5, "the TTL is shorter than a millisecond"],
        ["4000000 days", "the TTL ends after the year 9999"]
      ]
      for (const [ttl, reason] of cases) {
        const error = yield* Effect.flip(kv.put("a", 1, { ttl: ttl as number }))
        assert.strictEqual(error._tag === "InvalidTtlError" && error.reason, reason)
      }
    })
  )

  it.effect("encodes a large batch in slices, between which other fibers run, and stores it as a whole", () =>
    Effect.gen(function* () {
      const { kv, calls } = yield* service
      const entries = Array.from({ length: 20_000 }, (_, i) => [String(i), i] as const)
      let turns = 0
      const other = yield* Effect.forkChild(
        Effect.forever(
          Effect.andThen(
            Effect.sync(() => turns++),
            Effect.yieldNow
          )
        )
      )
      yield* kv.putMany(entries)
      yield* Fiber.interrupt(other)
      assert.isAtLeast(turns, 4)
      assert.deepStrictEqual(
        calls.map((call) => "keys" in call && call.keys.length),
        [20_000]
      )
      const bad = yield* Effect.flip(kv.putMany([...entries, ["bad", Number.NaN]]))
      assert.deepStrictEqual(bad._tag === "SerializationError" && bad.keys, ["bad"])
    })
  )

  it.effect("reads the values of a large batch in slices, between which other fibers run", () =>
    Effect.gen(function* () {
      const { kv } = yield* service
      const keys = Array.from({ length: 20_000 }, (_, i) => String(i))
      yield* kv.putMany(keys.map((key, i) => [key, i] as const))
      const turnsDuring = Effect.fnUntraced(function* (effect: Effect.Effect<unknown, unknown>) {
        let turns = 0
        const count = Effect.andThen(
          Effect.sync(() => turns++),
          Effect.yieldNow
        )
        const other = yield* Effect.forkChild(Effect.forever(count))
        yield* effect
        yield* Fiber.interrupt(other)
        return turns
      })
      assert.isAtLeast(yield* turnsDuring(kv.getMany(keys)), 5)
      assert.isAtLeast(yield* turnsDuring(kv.ttlMany(keys)), 5)
      assert.deepStrictEqual(
        yield* kv.getMany(keys),
        keys.map((_, i) => i)
      )
    })
  )

  it.effect("dies when an iterable throws", () =>
    Effect.gen(function* () {
      const { kv } = yield* service
      const throwing = {
        [Symbol.iterator]: (): Iterator<never> => {
          throw new Error("a bug in the iterable")
        }
      }
      for (const call of [kv.getMany(throwing), kv.ttlMany(throwing), kv.putMany(throwing), kv.deleteMany(throwing)]) {
        assert.isTrue(Exit.hasDies(yield* Effect.exit<unknown, unknown, never>(call)))
      }
    })
  )

  describe("getOrSet", () => {
    it.effect("shares one load, and its failure, between 50 callers", () =>
      Effect.gen(function* () {
        const { kv, calls } = yield* service
        for (const outcome of [Effect.succeed("value"), Effect.fail("boom")]) {
          const key = (yield* Effect.isSuccess(outcome)) ? "good" : "bad"
          const gate = yield* Deferred.make<void>()
          let loads = 0
          const load = Effect.suspend(() => {
            loads++
            return Effect.andThen(Deferred.await(gate), outcome)
          })
          const callers = yield* Effect.forEach(Array(50).fill(0), () =>
            Effect.forkChild(Effect.result(kv.getOrSet(key, load)), { startImmediately: true })
          )
          yield* Deferred.succeed(gate, undefined)
          const results = (yield* Effect.forEach(callers, (caller) => Fiber.join(caller))) as ReadonlyArray<unknown>
          assert.strictEqual(loads, 1)
          assert.deepStrictEqual(results, Array(50).fill(yield* Effect.result(outcome)))
        }
        assert.strictEqual(calls.filter((call) => call._tag === "compareAndPut").length, 1, "a failure was stored")
        assert.strictEqual(calls.filter((call) => call._tag === "get").length, 2, "one read for all callers of a key")
      })
    )

    it.effect("interrupts the load when its last caller is interrupted", () =>
      Effect.gen(function* () {
        const { kv, calls } = yield* service
        let interrupted = 0
        const load = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
        const fork = Effect.forkChild(kv.getOrSet("a", load), { startImmediately: true })
        const [first, second] = [yield* fork, yield* fork]
        yield* Effect.yieldNow
        yield* Fiber.interrupt(first)
        assert.strictEqual(interrupted, 0)
        yield* Fiber.interrupt(second)
        assert.strictEqual(interrupted, 1)
        assert.isFalse(calls.some((call) => call._tag === "put"))
      })
    )

    it.effect("loads again after a failed load", () =>
      Effect.gen(function* () {
        const { kv } = yield* service
        assert.strictEqual(yield* Effect.flip(kv.getOrSet("a", Effect.fail("boom"))), "boom")
        assert.strictEqual(yield* kv.getOrSet("a", Effect.succeed(1)), 1)
      })
    )

    it.effect("fails with SerializationError when the loaded value cannot be stored", () =>
      Effect.gen(function* () {
        const { kv } = yield* service
        const error = yield* Effect.flip(kv.getOrSet("a", Effect.succeed(Number.NaN)))
        assert.strictEqual(error._tag, "SerializationError")
      })
    )
  })
})
