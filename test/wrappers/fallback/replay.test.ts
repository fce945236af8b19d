/** Tests how Fallback replays its journal to the primary store while calls fail, hang or throw. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Deadline, Enumeration, Fallback, KeyValue, KeyValueError, Maintenance } from "../../../src/index.ts"
import { buildError } from "../../support/faults.ts"
import { yieldingBefore } from "../../support/steps.ts"
import { inPlace, journal, names, type Store, setup, slotsOf, store, unavailable } from "./setup.ts"

const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)

/** Writes keys during an outage, which then ends. */
const writeInOutage = Effect.fnUntraced(function* (primary: Store, ...some: ReadonlyArray<string>) {
  const kv = yield* KeyValue.KeyValue
  primary.plan.always = "unavailable"
  yield* Effect.forEach(some, (key) => kv.put(key, key), { discard: true })
  primary.plan.always = undefined
})

const missing = (primary: Store, some: ReadonlyArray<string>) =>
  Effect.map(primary.kv.getMany(some), (values) => some.filter((_, i) => values[i] === undefined))

/** A primary with some of its calls replaced by faults, and a fallback. */
const withFault = (fault: Parameters<typeof inPlace>[0], recovery: Fallback.Recovery = {}) =>
  Effect.map(Effect.all({ primary: store, fallback: store }), ({ primary, fallback }) => ({
    primary,
    fallback,
    layer: Layer.fresh(primary.layer.pipe(inPlace(fault), Fallback.wrap({ fallback: fallback.layer, recovery })))
  }))

describe("the replay of Fallback with recovery", () => {
  for (const [what, fault] of [
    ["hangs", () => Effect.never],
    ["hangs and cannot be interrupted", () => Effect.uninterruptible(Effect.never)],
    ["fails", unavailable],
    ["fails with an unknown outcome", (call: Parameters<typeof unavailable>[0]) => unavailable(call, true)],
    ["dies", () => Effect.die(new Error("a bug of the store"))],
    ["ends by an interruption", () => Effect.interrupt]
  ] as const) {
    it.effect(`continues with other keys when one ${what}, and replays that key when it can`, () =>
      Effect.gen(function* () {
        let isFaulty = true
        const { primary, fallback, layer } = yield* withFault((call) =>
          isFaulty && names(call, "k0") && call._tag !== "put" ? (fault(call) as Effect.Effect<never>) : undefined
        )
        yield* Effect.gen(function* () {
          yield* writeInOutage(primary, ...keys)
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual(yield* missing(primary, keys), ["k0"])
          isFaulty = false
          yield* TestClock.adjust("2 minutes")
          assert.deepStrictEqual(yield* missing(primary, keys), [])
          assert.deepStrictEqual(yield* slotsOf(fallback), [])
        }).pipe(Effect.provide(Layer.provideMerge(layer, Logger.layer([]))))
      })
    )
  }

  it.effect("continues with other keys when many keys fail", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* withFault((call) =>
        call._tag === "get" && call.keys.some((key) => key.startsWith("bad")) ? unavailable(call) : undefined
      )
      const bad = Array.from({ length: 100 }, (_, i) => `bad${i}`)
      yield* Effect.gen(function* () {
        yield* writeInOutage(primary, ...bad, ...keys)
        yield* TestClock.adjust("2 minutes")
        assert.deepStrictEqual(yield* missing(primary, [...bad, ...keys]), bad)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("continues with other keys while writes of some keys hang", () =>
    Effect.gen(function* () {
      const { primary, fallback } = yield* Effect.all({ primary: store, fallback: store })
      const hot = Array.from({ length: 20 }, (_, i) => `hot${i}`)
      let isHanging = false
      const layer = primary.layer.pipe(
        Fallback.wrap({
          fallback: fallback.layer.pipe(
            inPlace((call) => (isHanging && call._tag === "put" ? Effect.never : undefined))
          ),
          recovery: {}
        })
      )
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* writeInOutage(primary, ...hot)
        isHanging = true
        yield* Effect.forEach(hot, (key) => Effect.forkChild(kv.put(key, "hangs")), { discard: true })
        yield* Effect.yieldNow
        isHanging = false
        yield* writeInOutage(primary, ...keys)
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* missing(primary, [...hot, ...keys]), hot)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("reaches a key that is written all the time", () =>
    Effect.gen(function* () {
      const { primary, fallback } = yield* Effect.all({ primary: store, fallback: store })
      const layer = primary.layer.pipe(Fallback.wrap({ fallback: fallback.layer, recovery: { maxDelay: "1 second" } }))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        fallback.plan.always = 10
        primary.plan.steps = ["unavailable"]
        for (let i = 0; i < 3; i++) yield* Effect.forkChild(Effect.forever(kv.put("hot", i)))
        yield* TestClock.adjust(50)
        primary.plan.always = 10
        yield* TestClock.adjust("2 seconds")
        assert.isDefined(yield* primary.kv.get("hot"))
      }).pipe(Effect.provide(layer))
    })
  )

  type Services = KeyValue.KeyValue | Enumeration.Enumeration | Maintenance.Maintenance

  for (const [what, operation] of [
    ["a read", Effect.asVoid(KeyValue.KeyValue.use((kv) => kv.get("a")))],
    ["a listing", Enumeration.Enumeration.use(({ keys }) => Stream.runDrain(keys()))],
    ["clearing", Effect.asVoid(Maintenance.Maintenance.use(({ clear }) => clear))]
  ] as ReadonlyArray<readonly [string, Effect.Effect<void, KeyValueError.KeyValueError, Services>]>) {
    it.effect(`begins by itself when the first failure was that of ${what}`, () =>
      Effect.gen(function* () {
        const { primary, fallback, layer } = yield* setup({ maxDelay: "1 second" })
        yield* Effect.gen(function* () {
          primary.plan.always = "unavailable"
          yield* Effect.flip(operation)
          const { length } = primary.plan.calls
          yield* KeyValue.KeyValue.use((kv) => kv.put("a", 1))
          assert.strictEqual(primary.plan.calls.length, length, "a write leaves the primary alone")
          primary.plan.always = undefined
          yield* TestClock.adjust("5 seconds")
          assert.strictEqual(yield* primary.kv.get("a"), 1)
          assert.deepStrictEqual(yield* slotsOf(fallback), [])
        }).pipe(Effect.provide(layer))
      })
    )
  }

  it.effect("continues when the probe of the primary fails with an error that is not an outage", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* withFault((call) =>
        names(call, "probe")
          ? Effect.fail(new KeyValueError.StoreError({ ...call.place, reason: "no such permission" }))
          : undefined
      )
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.steps = ["unavailable"]
        yield* kv.put("a", 1)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* primary.kv.get("a"), 1)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("doubles its pause after each failure, up to maxDelay", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup({ initialDelay: "1 second", maxDelay: "8 seconds" })
      yield* Effect.gen(function* () {
        primary.plan.always = "unavailable"
        yield* KeyValue.KeyValue.use((kv) => kv.put("k", 1))
        yield* TestClock.adjust("64 seconds")
        assert.isAtMost(primary.plan.calls.length, 16)
        assert.isAtLeast(primary.plan.calls.length, 8)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("does not run under the deadline of the effect that built the layer", () =>
    Effect.gen(function* () {
      const { primary, fallback } = yield* Effect.all({ primary: store, fallback: store })
      const layer = primary.layer.pipe(
        Deadline.wrap(),
        Fallback.wrap({ fallback: fallback.layer.pipe(Deadline.wrap()), recovery: {} })
      )
      const scope = yield* Effect.scope
      const context = yield* Layer.buildWithScope(layer, scope).pipe(Deadline.within("1 second"))
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("5 seconds")
        yield* writeInOutage(primary, "a")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* primary.kv.get("a"), "a")
      }).pipe(Effect.provide(context))
    }).pipe(Effect.scoped)
  )

  it.effect("includes a write that is accepted in the same step in which the journal becomes empty", () =>
    Effect.gen(function* () {
      for (let step = 1; step <= 60; step++) {
        const { primary, fallback, layer } = yield* setup({ settleTime: 1 })
        yield* Effect.gen(function* () {
          const put = KeyValue.KeyValue.use((kv) => kv.put("late", "late"))
          const late = yield* Effect.forkChild(Effect.delay(yieldingBefore(step, put, 200), 100))
          yield* Effect.yieldNow
          yield* writeInOutage(primary, "first")
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(late)
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual(yield* missing(primary, ["first", "late"]), [], `step ${step}`)
          assert.deepStrictEqual(yield* slotsOf(fallback), [])
        }).pipe(Effect.provide(layer))
      }
    })
  )

  it.effect("requires a fallback that can list its keys when the layer is built", () =>
    Effect.gen(function* () {
      const { primary, fallback } = yield* Effect.all({ primary: store, fallback: store })
      const { get, put, delete: remove, system, defaultCollection } = fallback.driver
      const unlisted = (yield* Effect.promise(() => import("../../../src/index.ts"))).Driver.layer(
        Effect.succeed({ get, put, delete: remove, system, defaultCollection })
      )
      const layer = primary.layer.pipe(Fallback.wrap({ fallback: unlisted as never, recovery: {} as never }))
      assert.include((yield* buildError(layer as Layer.Layer<never, Error>)).message, "can list its keys")
    })
  )
})

describe("a fallbackOn that throws", () => {
  const throwing = () => {
    const state = { isThrowing: true }
    const fallbackOn = () => {
      if (state.isThrowing) throw new Error("thrown by fallbackOn")
      return true
    }
    return { state, fallbackOn }
  }

  for (const recovery of [undefined, {}]) {
    it.effect(`ends only its own call with a defect, ${recovery ? "with" : "without"} recovery`, () =>
      Effect.gen(function* () {
        const { state, fallbackOn } = throwing()
        const { primary, fallback } = yield* Effect.all({ primary: store, fallback: store })
        const layer = primary.layer.pipe(
          Fallback.wrap({ fallback: fallback.layer, fallbackOn, writeToFallback: true, recovery })
        )
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          primary.plan.always = "unavailable"
          for (const call of [kv.get("a"), kv.put("a", 1), kv.delete("a")] as Array<Effect.Effect<unknown, unknown>>) {
            const exit = yield* Effect.exit(call)
            assert.include(String(exit), "thrown by fallbackOn")
          }
          state.isThrowing = false
          yield* kv.put("a", 2)
          assert.strictEqual(yield* kv.get("a"), 2)
        }).pipe(Effect.provide(layer))
      })
    )
  }

  it.effect("is logged in the background while recovery continues", () =>
    Effect.gen(function* () {
      const { state, fallbackOn } = throwing()
      const lines: Array<string> = []
      const logger = Logger.make(({ message, cause }) => void lines.push(`${String(message)} ${String(cause)}`))
      const { primary, fallback } = yield* Effect.all({ primary: store, fallback: store })
      const layer = primary.layer.pipe(Fallback.wrap({ fallback: fallback.layer, fallbackOn, recovery: {} }))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        state.isThrowing = false
        primary.plan.always = "unavailable"
        yield* kv.put("a", 1)
        state.isThrowing = true
        yield* TestClock.adjust("1 minute")
        assert.isAbove(lines.length, 0)
        assert.include(lines.join("\n"), "thrown by fallbackOn")
        primary.plan.always = undefined
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* primary.kv.get("a"), 1)
        assert.deepStrictEqual(yield* slotsOf(fallback), [])
        assert.isUndefined(yield* fallback.kv.get("a", journal))
      }).pipe(Effect.provide(Layer.provideMerge(layer, Logger.layer([logger]))))
    })
  )
})
