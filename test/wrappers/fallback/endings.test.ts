/** Tests Fallback with recovery when callers are interrupted, deadlines pass, and layers are closed. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { Deadline, Fallback, KeyValue, KeyValueError, Memory } from "../../../src/index.ts"
import { call } from "../../driver/recording.ts"
import { opened } from "../../support/opened.ts"
import { interruptedBefore } from "../../support/steps.ts"
import { inPlace, setup, slotsOf, store, unavailable } from "./setup.ts"

const failure = <A, E>(fiber: Fiber.Fiber<A, E>) => Effect.flip(Fiber.join(fiber))

describe("an interrupted write of Fallback with recovery", () => {
  it.effect("leaves no slot and no old value behind, at whichever step it is interrupted", () =>
    Effect.gen(function* () {
      for (let step = 1; step <= 80; step++) {
        const { primary, fallback, layer } = yield* setup({ settleTime: "1 second", maxDelay: "1 second" })
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const pairs = [
            ["a", "interrupted"],
            ["b", "interrupted"]
          ] as const
          yield* interruptedBefore(step, kv.putMany(pairs))
          primary.plan.always = "unavailable"
          yield* interruptedBefore(step, kv.putMany(pairs))
          yield* interruptedBefore(step, kv.deleteMany(["a", "b"]))
          primary.plan.always = undefined
          yield* interruptedBefore(step, kv.putMany(pairs))
          yield* interruptedBefore(step, kv.getMany(["a", "b"]))
          yield* kv.put("a", "acknowledged")
          yield* kv.putMany([
            ["b", "acknowledged"],
            ["c", "acknowledged"]
          ])
          const expected = ["acknowledged", "acknowledged", "acknowledged"]
          assert.deepStrictEqual(yield* kv.getMany(["a", "b", "c"]), expected, `step ${step}`)
          yield* TestClock.adjust("10 seconds")
          assert.deepStrictEqual(yield* primary.kv.getMany(["a", "b", "c"]), expected, `step ${step}`)
          assert.deepStrictEqual(yield* slotsOf(fallback), [], `step ${step}`)
        }).pipe(Effect.provide(layer))
      }
    })
  )
})

describe("a call of Fallback whose deadline has passed", () => {
  for (const recovery of [undefined, {}]) {
    it.effect(
      `is not sent to the fallback when the primary has failed, ${recovery ? "with" : "without"} recovery`,
      () =>
        Effect.gen(function* () {
          const { primary, fallback } = yield* Effect.all({ primary: store, fallback: store })
          const layer = primary.layer.pipe(
            inPlace((call) => Effect.andThen(Effect.sleep("1 second"), unavailable(call, true))),
            Fallback.wrap({ fallback: fallback.layer, writeToFallback: true, recovery: recovery as Fallback.Recovery })
          )
          yield* Effect.gen(function* () {
            const { driver } = yield* KeyValue.KeyValue
            yield* TestClock.adjust("5 seconds")
            const deadline = 5900
            for (const operation of [
              driver.get({ ...call.get("c", "a"), deadline }),
              driver.put({ ...call.put("c", { a: 1 }), deadline }),
              driver.delete({ ...call.delete("c", "a"), deadline })
            ] as Array<Effect.Effect<unknown, KeyValueError.KeyValueError>>) {
              const { length } = fallback.plan.calls
              const fiber = yield* Effect.forkChild(operation)
              yield* TestClock.adjust("1 second")
              assert.isTrue((yield* failure(fiber)).retryable)
              assert.lengthOf(fallback.plan.calls, length)
            }
          }).pipe(Effect.provide(layer))
        })
    )
  }

  it.effect("is not sent when its turn among the writes of its key comes too late", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup()
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.steps = [5000]
        yield* Effect.forkChild(kv.put("a", "first", { collection: "c" }))
        yield* TestClock.adjust(1)
        const second = yield* Effect.forkChild(kv.driver.put({ ...call.put("c", { a: "second" }), deadline: 5000 }))
        yield* TestClock.adjust("5 seconds")
        const error = yield* failure(second)
        assert.deepStrictEqual([error._tag, "outcome" in error && error.outcome], ["TimeoutError", "not-applied"])
        assert.lengthOf(primary.plan.calls, 1)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("is released while it waits for another write of its key", () =>
    Effect.gen(function* () {
      const { primary, fallback } = yield* Effect.all({ primary: store, fallback: store })
      const layer = primary.layer.pipe(Fallback.wrap({ fallback: fallback.layer, recovery: {} }), Deadline.wrap())
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.steps = [5000]
        const first = yield* Effect.forkChild(kv.put("a", "first"))
        yield* TestClock.adjust(1)
        const second = yield* Effect.forkChild(Deadline.within(kv.put("a", "second"), "1 second"))
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* failure(second))._tag, "TimeoutError")
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(first)
        assert.strictEqual(yield* kv.get("a"), "first")
      }).pipe(Effect.provide(layer))
    })
  )
})

describe("a write that neither store of a plain Fallback accepts", () => {
  it.effect("fails with an unknown outcome when either store may have applied it", () =>
    Effect.gen(function* () {
      for (const [first, second, outcome] of [
        ["unavailable", "unavailable", "not-applied"],
        ["lost", "unavailable", "unknown"],
        ["unavailable", "lost", "unknown"],
        ["lost", "refused", "unknown"]
      ] as const) {
        const { primary, fallback } = yield* Effect.all({ primary: store, fallback: store })
        primary.plan.steps = [first]
        fallback.plan.steps = [second]
        const layer = primary.layer.pipe(Fallback.wrap({ fallback: fallback.layer, writeToFallback: true }))
        const put = KeyValue.KeyValue.use((kv) => kv.put("a", 1))
        const error = yield* Effect.flip(Effect.provide(put, layer))
        assert.strictEqual("outcome" in error && error.outcome, outcome, `${first}, ${second}`)
      }
    })
  )
})

describe("closing Fallback with recovery", () => {
  for (const [what, hang] of [
    ["hangs", Effect.never],
    ["hangs and cannot be interrupted", Effect.uninterruptible(Effect.never)]
  ] as const) {
    it.effect(`ends writes that wait behind a write that ${what}`, () =>
      Effect.gen(function* () {
        const layer = Memory.layer().pipe(
          inPlace(({ _tag }) => (_tag === "put" ? hang : undefined)),
          Fallback.wrap({ fallback: Memory.layer(), recovery: {} })
        )
        const { kv, close } = yield* opened(layer)
        yield* Effect.forkDetach(kv.put("a", "hangs"))
        const waiting = yield* Effect.replicateEffect(Effect.forkDetach(kv.put("a", "waits")), 10)
        yield* TestClock.adjust(1)
        yield* close
        for (const fiber of waiting) {
          const error = yield* failure(fiber)
          assert.instanceOf(error, KeyValueError.StoreUnavailableError)
          assert.deepStrictEqual(
            [(error as KeyValueError.StoreUnavailableError).isClosed, (error as { outcome?: unknown }).outcome],
            [true, "not-applied"]
          )
        }
      })
    )
  }

  it.effect("does not acknowledge a write that reaches the journal afterwards, and the next layer replays it", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup({ settleTime: "1 second", maxDelay: "1 second" })
      const { kv, close } = yield* opened(layer)
      primary.plan.steps = ["unavailable"]
      fallback.plan.steps = [500]
      const put = yield* Effect.forkDetach(kv.put("a", 1))
      yield* TestClock.adjust(1)
      yield* close
      yield* TestClock.adjust(500)
      const error = yield* failure(put)
      assert.strictEqual("outcome" in error && error.outcome, "unknown")
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* primary.kv.get("a"), 1)
        assert.deepStrictEqual(yield* slotsOf(fallback), [])
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("loses no write and restores no old value when it ends a replay", () =>
    Effect.gen(function* () {
      for (let millis = 0; millis <= 60; millis += 3) {
        const { primary, fallback, layer } = yield* setup({ initialDelay: 10, settleTime: 10, maxDelay: 10 })
        const { kv, close } = yield* opened(layer)
        primary.plan.always = "unavailable"
        const keys = Array.from({ length: 12 }, (_, i) => `k${i}`)
        for (const key of keys) yield* kv.put(key, "old")
        for (const key of keys) yield* kv.put(key, "new")
        yield* kv.delete("k0")
        primary.plan.always = 5
        yield* TestClock.adjust(millis)
        yield* close
        primary.plan.always = undefined
        yield* Effect.gen(function* () {
          yield* TestClock.adjust("1 second")
          const expected = [undefined, ...keys.slice(1).map(() => "new")]
          assert.deepStrictEqual(yield* primary.kv.getMany(keys), expected, `closed after ${millis} ms`)
          assert.deepStrictEqual(yield* slotsOf(fallback), [])
        }).pipe(Effect.provide(layer))
      }
    })
  )

  it.effect("does not wait for recovery operations that hang", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup()
      const { kv, close } = yield* opened(layer)
      primary.plan.steps = ["unavailable"]
      yield* kv.put("a", 1)
      primary.plan.always = "stuck"
      yield* TestClock.adjust("1 second")
      yield* close
      assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "StoreUnavailableError")
    })
  )
})

describe("an entry in an outage", () => {
  it.effect("exists for get, ttl and delete alike, or for none of them", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup()
      yield* primary.kv.put("deleted", 0)
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.putMany([
          ["there", 1],
          ["deleted", 1]
        ])
        yield* kv.put("expired", 1, { ttl: 10 })
        yield* kv.delete("deleted")
        yield* TestClock.adjust(10)
        const isThere = (key: string) =>
          Effect.map(Effect.all([kv.get(key), kv.ttl(key), kv.delete(key)]), ([value, withTtl, deleted]) => [
            value !== undefined,
            withTtl !== undefined,
            deleted
          ])
        assert.deepStrictEqual(yield* isThere("deleted"), [false, false, false])
        assert.deepStrictEqual(yield* isThere("expired"), [false, false, false])
        assert.deepStrictEqual(yield* isThere("there"), [true, true, true])
        assert.deepStrictEqual(yield* isThere("there"), [false, false, false])
      }).pipe(Effect.provide(layer))
    })
  )
})
