/** Tests how Replicate writes to several stores and reads from them while some fail. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Enumeration, KeyValue, Maintenance, Memory, Replicate } from "../../src/index.ts"
import { Ledger } from "../../src/wrappers/replicate/Ledger.ts"
import { buildError } from "../support/faults.ts"
import { metricOf } from "../support/metrics.ts"
import { inProcess, setup } from "./replicate/setup.ts"

describe("Replicate", () => {
  it.effect("writes to all stores and reads from the first healthy one", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(3)
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          yield* kv.putMany([
            ["a", 1],
            ["b", Uint8Array.of(1)]
          ])
          assert.deepStrictEqual(yield* held("a"), [1, 1, 1])
          assert.deepStrictEqual(yield* held("b"), [Uint8Array.of(1), Uint8Array.of(1), Uint8Array.of(1)])
          plans.forEach(({ calls }) => void calls.splice(0))
          assert.strictEqual(yield* kv.get("a"), 1)
          assert.deepStrictEqual(
            plans.map(({ calls }) => calls.length),
            [1, 0, 0]
          )
          plans[0]!.always = "unavailable"
          assert.strictEqual(yield* kv.get("a"), 1)
          assert.strictEqual(yield* kv.get("a"), 1)
          assert.strictEqual(plans[0]!.calls.length, 2, "it is asked last now")
          plans[0]!.always = undefined
          yield* TestClock.adjust("1 second")
          yield* kv.get("a")
          assert.strictEqual(plans[0]!.calls.length, 3, "and again after a pause")
          assert.isTrue(yield* kv.delete("a"))
          assert.deepStrictEqual(yield* held("a"), [undefined, undefined, undefined])
          assert.isFalse(yield* kv.delete("a"))
        })
      )
    })
  )

  it.effect("returns a miss or a permanent failure of the first store without reading the next one", () =>
    Effect.gen(function* () {
      const { plans, kvs, layer } = yield* setup(2)
      yield* kvs[1]!.put("a", 1)
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          assert.isUndefined(yield* kv.get("a"))
          plans[0]!.steps = ["refused"]
          assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "StoreError")
          yield* TestClock.adjust("1 minute")
          assert.isUndefined(yield* kv.get("a"), "nothing is repaired that this process did not write")
        })
      )
    })
  )

  for (const [acknowledgements, required] of [
    ["all", 3],
    ["quorum", 2],
    [undefined, 2],
    [1, 1]
  ] as const) {
    it.effect(`requires ${required} of three stores to apply a write with acknowledgements: ${acknowledgements}`, () =>
      Effect.gen(function* () {
        const { plans, layer } = yield* setup(3, { acknowledgements })
        yield* inProcess(layer, (kv) =>
          Effect.gen(function* () {
            for (let down = 0; down <= 3; down++) {
              plans.forEach((plan, i) => {
                plan.always = i < down ? "unavailable" : undefined
              })
              const result = yield* Effect.result(kv.put("a", down))
              if (3 - down >= required) assert.strictEqual(result._tag, "Success", `${down} down`)
              else {
                assert.strictEqual(result._tag, "Failure")
                const { failure } = result as Extract<typeof result, { readonly _tag: "Failure" }>
                assert.strictEqual("outcome" in failure && failure.outcome, down === 3 ? "not-applied" : "unknown")
              }
            }
          })
        )
      })
    )
  }

  it.effect("completes the writes of the remaining stores in the background, in order", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(3)
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[2]!.steps = [1000]
          yield* kv.put("a", 1)
          yield* kv.put("a", 2)
          assert.deepStrictEqual(yield* held("a"), [2, 2, undefined])
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* held("a"), [2, 2, 2])
        })
      )
    })
  )

  it.effect("does not read a key from a store that missed its write, and repairs the store when it is back", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: 1 })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          yield* kv.putMany([
            ["a", "old"],
            ["b", "old"],
            ["c", "same"]
          ])
          plans[0]!.always = "unavailable"
          yield* kv.put("a", "new", { ttl: "1 hour" })
          yield* kv.delete("b")
          plans[0]!.always = undefined
          plans[1]!.always = "unavailable"
          assert.strictEqual(yield* kv.get("c"), "same")
          const error = yield* Effect.flip(kv.getMany(["a", "c"]))
          assert.strictEqual(error._tag, "StoreUnavailableError", "rather than the old value")
          plans[1]!.always = undefined
          assert.deepStrictEqual(yield* kv.getMany(["a", "b", "c"]), ["new", undefined, "same"])
          yield* TestClock.adjust("5 seconds")
          assert.deepStrictEqual(yield* held("a"), ["new", "new"])
          assert.deepStrictEqual(yield* held("b"), [undefined, undefined])
          plans[1]!.always = "unavailable"
          assert.deepStrictEqual(yield* kv.getMany(["a", "b", "c"]), ["new", undefined, "same"])
          assert.isDefined((yield* kv.ttl("a"))?.ttl)
        })
      )
    })
  )

  it.effect("reports in metrics which stores are unwell, how many keys they miss and how many were repaired", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: 1, store: "replicated" })
      const metric = (name: string) =>
        Effect.map(metricOf(`effect_kv.replicate.${name}`), (series) =>
          series.flatMap(([attributes, value]) => (attributes?.["db.namespace"] === "replicated" ? [value] : []))
        )
      const all = Effect.all([metric("unwell"), metric("behind"), metric("repaired")])
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.always = "unavailable"
          yield* kv.putMany([
            ["a", 1],
            ["b", 2]
          ])
          yield* Effect.yieldNow
          assert.deepStrictEqual(yield* all, [[1], [2], [0]])
          plans[1]!.always = undefined
          yield* kv.put("c", 3)
          yield* TestClock.adjust("5 seconds")
          assert.deepStrictEqual(yield* all, [[0], [0], [2]])
        })
      )
      assert.deepStrictEqual((yield* all).slice(0, 2), [[], []])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("leaves a store behind until the key is written again when repair is false", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: 1, repair: false })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[0]!.steps = ["unavailable"]
          yield* kv.put("a", 1)
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual(yield* held("a"), [undefined, 1])
          assert.strictEqual(yield* kv.get("a"), 1)
          yield* kv.put("a", 2)
          plans[1]!.always = "unavailable"
          assert.strictEqual(yield* kv.get("a"), 2)
        })
      )
    })
  )

  it.effect("restores the newer value when a store applies a failed write late", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: 1, settleTime: "10 seconds" })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[0]!.steps = ["late"]
          yield* kv.put("a", "late")
          yield* kv.put("a", "newer")
          assert.deepStrictEqual(yield* held("a"), ["newer", "newer"])
          yield* TestClock.adjust("6 seconds")
          assert.deepStrictEqual(yield* held("a"), ["late", "newer"])
          assert.strictEqual(yield* kv.get("a"), "newer")
          yield* TestClock.adjust("10 seconds")
          assert.deepStrictEqual(yield* held("a"), ["newer", "newer"])
        })
      )
    })
  )

  it.effect("returns the newest value from memory while late writes may replace it in every store", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: 1, settleTime: "10 seconds" })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[0]!.steps = ["late"]
          yield* kv.put("a", "first")
          plans[1]!.steps = ["late"]
          yield* kv.put("a", "second")
          yield* kv.put("a", "newest", { ttl: "1 hour" })
          yield* TestClock.adjust("6 seconds")
          assert.deepStrictEqual(yield* held("a"), ["first", "second"])
          assert.strictEqual(yield* kv.get("a"), "newest")
          yield* TestClock.adjust("10 seconds")
          assert.deepStrictEqual(yield* held("a"), ["newest", "newest"])
        })
      )
    })
  )

  it.effect("does not return an unconfirmed value that another store may not have", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: "all" })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          yield* kv.put("a", "old")
          plans[0]!.steps = ["ok", "midway"]
          plans[1]!.steps = [2000]
          const reader = yield* Effect.forkChild(Effect.delay(kv.get("a"), 1))
          const writer = yield* Effect.forkChild(kv.put("a", "new"))
          yield* TestClock.adjust("1 second")
          plans[0]!.always = "unavailable"
          yield* TestClock.adjust("5 seconds")
          yield* Fiber.join(writer)
          assert.strictEqual(yield* Fiber.join(reader), "new")
          assert.strictEqual(yield* kv.get("a"), "new")
        })
      )
    })
  )

  it.effect("lists and clears all entries although one store missed writes", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: 1, repair: false })
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const { keys, collections } = yield* Enumeration.Enumeration
        const list = <E>(names: Stream.Stream<string, E>) =>
          Effect.map(Stream.runCollect(names), (names) => [...names].sort())
        yield* kv.putMany(["a", "b", "c"].map((key) => [key, 0] as const))
        yield* kv.put("only", 0, { collection: "emptied" })
        plans[0]!.always = "unavailable"
        yield* kv.put("d", 1)
        yield* kv.put("e", 1, { collection: "new" })
        yield* kv.delete("a")
        yield* kv.delete("only", { collection: "emptied" })
        plans[0]!.always = undefined
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(yield* list(keys({ pageSize: 1 })), ["b", "c", "d"])
        assert.deepStrictEqual(yield* list(collections()), ["default_collection", "new"])
        const maintenance = yield* Maintenance.Maintenance
        assert.strictEqual(yield* maintenance.clear, 4)
        assert.deepStrictEqual(yield* held("b"), [undefined, undefined])
        yield* kv.put("short", 1, { ttl: 1000 })
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* maintenance.removeExpired, 1)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("ends its background work when the layer is closed", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: 1 })
      plans[1]!.steps = ["hang"]
      yield* inProcess(layer, (kv) => kv.put("a", 1))
      assert.strictEqual(plans[1]!.interrupted, 1)
    })
  )

  it.effect("completes a write in all stores although its caller was interrupted", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2)
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[0]!.steps = plans[1]!.steps = [1000]
          const writer = yield* Effect.forkChild(kv.put("a", 1))
          yield* TestClock.adjust(500)
          yield* Fiber.interrupt(writer)
          yield* TestClock.adjust("2 seconds")
          assert.deepStrictEqual(yield* held("a"), [1, 1])
          assert.strictEqual(yield* kv.get("a"), 1)
        })
      )
    })
  )

  it.effect(
    "ignores a defect of one store while enough others acknowledge, and else fails with StoreUnavailableError",
    () =>
      Effect.gen(function* () {
        const { plans, layer } = yield* setup(3)
        yield* inProcess(layer, (kv) =>
          Effect.gen(function* () {
            plans[0]!.steps = ["defect"]
            yield* kv.put("a", 1)
            for (const plan of plans) plan.steps = ["defect"]
            const error = yield* Effect.flip(kv.put("a", 2))
            assert.deepStrictEqual(
              [error._tag, "outcome" in error && error.outcome],
              ["StoreUnavailableError", "unknown"]
            )
          })
        )
      })
  )

  it.effect("rejects options out of range when the layer is built", () =>
    Effect.gen(function* () {
      for (const options of [
        { acknowledgements: 0 },
        { acknowledgements: 3 },
        { acknowledgements: 1.5 },
        { settleTime: 0 },
        { pause: 0 },
        { maxBehind: 0 }
      ]) {
        const layer = Memory.layer().pipe(Replicate.wrap({ replicas: [Memory.layer()], ...options }))
        assert.strictEqual((yield* buildError(layer))._tag, "StoreSetupError", JSON.stringify(options))
      }
    })
  )
})

describe("a store of Replicate that is behind with more keys than maxBehind", () => {
  it.effect("is read only for keys that were written to it since", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: 1, maxBehind: 2, repair: false })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          yield* kv.put("kept", 1)
          plans[0]!.always = "unavailable"
          for (const key of ["a", "b", "c"]) yield* kv.put(key, 1)
          plans[0]!.always = undefined
          plans[1]!.always = "unavailable"
          yield* TestClock.adjust("2 seconds")
          for (const key of ["kept", "a", "b", "c"]) {
            assert.strictEqual((yield* Effect.flip(kv.get(key)))._tag, "StoreUnavailableError", key)
          }
          for (const key of ["d", "e", "f", "g"]) {
            yield* kv.put(key, 2)
            assert.strictEqual(yield* kv.get(key), 2, key)
          }
          const error = yield* Effect.flip(kv.put("h", 2))
          assert.strictEqual("outcome" in error && error.outcome, "not-applied")
          plans[1]!.always = undefined
          assert.deepStrictEqual(yield* kv.getMany(["kept", "a", "d"]), [1, 1, 2])
        })
      )
    })
  )

  it.effect("fails a required write at once while writes of twice maxBehind keys hang", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: "all", maxBehind: 1, repair: false })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.always = "hang"
          for (const key of ["a", "b"]) yield* Effect.forkChild(kv.put(key, 1), { startImmediately: true })
          const writer = yield* Effect.forkChild(Effect.flip(kv.put("c", 1)))
          yield* TestClock.adjust(0)
          assert.isDefined(writer.pollUnsafe())
          const error = yield* Fiber.join(writer)
          assert.deepStrictEqual(
            [error._tag, "outcome" in error && error.outcome],
            ["StoreUnavailableError", "unknown"]
          )
          assert.deepStrictEqual(yield* held("c"), [1, undefined])
        })
      )
    })
  )

  it("is chosen as the store that misses most keys", () => {
    const ledger = new Ledger(2, 2)
    const write = (key: string, outcomes: ReadonlyArray<"applied" | "not-applied">) => {
      const state = ledger.open("c", key)
      const version = ledger.nextVersion()
      for (const store of outcomes.keys()) ledger.begin(state, store)
      outcomes.forEach((outcome, store) => {
        ledger.end(state, store, { version, outcome, beganAt: 0, settlesAt: 0, entry: undefined })
      })
    }
    write("both", ["applied", "applied"])
    write("none", ["not-applied", "not-applied"])
    assert.strictEqual(ledger.size, 0)
    write("a", ["not-applied", "applied"])
    write("b", ["applied", "not-applied"])
    write("c", ["applied", "not-applied"])
    assert.deepStrictEqual(ledger.givenUp, [false, true])
    assert.strictEqual(ledger.size, 1, "what only it has is remembered")
  })
})
