/** Tests how Replicate repairs stores that come back, and which calls it makes while they are away. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Deadline, Enumeration, KeyValue, Maintenance } from "../../../src/index.ts"
import { Health } from "../../../src/wrappers/replicate/Health.ts"
import { Ledger } from "../../../src/wrappers/replicate/Ledger.ts"
import { withWallClock } from "../../support/wallClock.ts"
import { inProcess, setup } from "./setup.ts"

describe("a store that comes back", () => {
  it.effect("gets the writes that it missed without further reads or writes", () =>
    Effect.gen(function* () {
      const { plans, kvs, layer } = yield* setup(2, { acknowledgements: 1 })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.always = "unavailable"
          for (const key of ["a", "b", "c"]) yield* kv.put(key, 1)
          yield* TestClock.adjust("10 seconds")
          plans[1]!.always = undefined
          yield* TestClock.adjust("2 seconds")
          assert.deepStrictEqual(yield* kvs[1]!.getMany(["a", "b", "c"]), [1, 1, 1])
        })
      )
    })
  )

  it.effect("is probed with one read in each pause while it is away, and gets no write", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: 1 })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.always = "unavailable"
          for (const key of ["a", "b", "c"]) yield* kv.put(key, 1)
          plans[1]!.calls.splice(0)
          yield* TestClock.adjust("10 seconds")
          assert.isAtLeast(plans[1]!.calls.length, 9)
          assert.isAtMost(plans[1]!.calls.length, 10)
          assert.isTrue(plans[1]!.calls.every(({ _tag }) => _tag === "get"))
        })
      )
    })
  )

  for (const step of ["refused", "defect", "hang"] as const) {
    it.effect(`is repaired although another store fails to take its copy (${step})`, () =>
      Effect.gen(function* () {
        const { plans, kvs, layer } = yield* setup(3, { acknowledgements: 1 })
        yield* inProcess(layer, (kv) =>
          Effect.gen(function* () {
            plans[1]!.steps = ["unavailable"]
            plans[2]!.steps = ["unavailable"]
            yield* kv.put("a", 1)
            plans[1]!.always = step
            yield* TestClock.adjust("10 seconds")
            assert.strictEqual(yield* kvs[2]!.get("a"), 1)
          })
        )
      })
    )
  }

  it.effect("gets the other keys although one copy is refused", () =>
    Effect.gen(function* () {
      const { plans, kvs, layer } = yield* setup(2, { acknowledgements: 1 })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.steps = ["unavailable", "unavailable", "ok", "defect"]
          yield* kv.put("a", 1)
          yield* kv.put("b", 1)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* kvs[1]!.getMany(["a", "b"]), [undefined, 1])
        })
      )
    })
  )

  it.effect("repairs the other keys when a healthy store refuses one copy", () =>
    Effect.gen(function* () {
      const { plans, kvs, layer } = yield* setup(2, { acknowledgements: 1 })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          const keys = ["a", "b", "c"]
          // Three writes fail. Then come a read that finds the store well, and the copies.
          plans[1]!.steps = ["unavailable", "unavailable", "unavailable", "ok", "ok", "refused"]
          for (const key of keys) yield* kv.put(key, 1)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* kvs[1]!.getMany(keys), [1, undefined, 1])
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* kvs[1]!.getMany(keys), [1, 1, 1], "the refused copy is made in the next round")
        })
      )
    })
  )

  it.effect("keeps a write that came while a repair of the key waited for its turn", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: 1 })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.steps = ["unavailable", "ok"]
          yield* kv.put("a", "old")
          plans[0]!.steps = [500]
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(plans[0]!.steps, [], "the value is being read")
          const writer = yield* Effect.forkChild(kv.put("a", "new"), { startImmediately: true })
          yield* TestClock.adjust("10 seconds")
          yield* Fiber.join(writer)
          assert.deepStrictEqual(yield* held("a"), ["new", "new"])
          assert.strictEqual(yield* kv.get("a"), "new")
        })
      )
    })
  )
})

describe("a key that one store missed", () => {
  it.effect("is read from the next store that holds it when one fails", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(3, { repair: false })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[2]!.steps = ["unavailable"]
          yield* kv.put("a", 1)
          plans[0]!.always = "unavailable"
          assert.strictEqual(yield* kv.get("a"), 1)
          assert.deepStrictEqual(yield* kv.getMany(["a", "b"]), [1, undefined])
        })
      )
    })
  )

  for (const behind of [0, 1]) {
    it.effect(
      `returns true from delete when the store that holds the key replies late (store ${behind} missed the key)`,
      () =>
        Effect.gen(function* () {
          const { plans, layer } = yield* setup(2, { acknowledgements: 1, repair: false })
          yield* inProcess(layer, (kv) =>
            Effect.gen(function* () {
              plans[behind]!.steps = ["unavailable"]
              yield* kv.put("a", 1)
              plans[1 - behind]!.steps = [1000]
              const deletion = yield* Effect.forkChild(kv.delete("a"), { startImmediately: true })
              yield* TestClock.adjust("1 second")
              assert.isTrue(yield* Fiber.join(deletion))
            })
          )
        })
    )
  }

  it.effect("is read again while every store that holds it has writes under way", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: 1, repair: false })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.steps = [1000, 1000]
          yield* kv.put("a", 1)
          yield* kv.put("a", 2)
          plans[0]!.always = "unavailable"
          const reader = yield* Effect.forkChild(kv.get("a"), { startImmediately: true })
          yield* TestClock.adjust("5 seconds")
          assert.strictEqual(yield* Fiber.join(reader), 2)
        })
      )
    })
  )

  it.effect("is returned under its own name when it waits longer than other keys of the batch", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: 1, repair: false })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[0]!.steps = [1000]
          plans[1]!.always = "unavailable"
          const pairs = [
            ["b", 2],
            ["a", 1]
          ] as const
          yield* Effect.forkChild(kv.putMany(pairs), { startImmediately: true })
          const reader = yield* Effect.forkChild(kv.getMany(["a", "b"]), { startImmediately: true })
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* Fiber.join(reader), [1, 2])
        })
      )
    })
  )

  it.effect(
    "is disturbed in a store while a write is under way or of unknown outcome, and not when it was applied",
    () =>
      Effect.sync(() => {
        const ledger = new Ledger(2, 10)
        const state = ledger.open("c", "k")
        const version = ledger.nextVersion()
        for (const store of [0, 1]) ledger.begin(state, store)
        assert.isFalse(ledger.isUndisturbed(state.id, 0), "under way")
        const times = { beganAt: 0, settlesAt: 10, entry: undefined }
        ledger.end(state, 0, { ...times, version, outcome: "unknown" })
        assert.isFalse(ledger.isUndisturbed(state.id, 0), "unknown, and not under way any more")
        ledger.end(state, 1, { ...times, version, outcome: "applied" })
        assert.isFalse(ledger.isUndisturbed(state.id, 0))
        assert.isTrue(ledger.isUndisturbed(state.id, 1))
      })
  )

  for (const down of [0, 1]) {
    it.effect(`is listed and cleared, or listing and clearing fail, when store ${down} is down`, () =>
      Effect.gen(function* () {
        const { plans, kvs, layer } = yield* setup(2, { acknowledgements: 1, repair: false })
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const { keys, collections } = yield* Enumeration.Enumeration
          const { clear } = yield* Maintenance.Maintenance
          const all = Array.from({ length: 250 }, (_, i) => `k${i}`)
          const [away, there] = [plans[down]!, plans[1 - down]!]
          away.always = "unavailable"
          yield* kv.putMany(all.map((key) => [key, 1] as const))
          yield* kv.put("one", 1, { collection: "only" })
          const listed = yield* Stream.runCollect(keys({ pageSize: 7 }))
          assert.deepStrictEqual([...listed].sort(), [...all].sort())
          assert.include(yield* Stream.runCollect(collections()), "only")
          there.always = "unavailable"
          away.always = undefined
          assert.strictEqual((yield* Effect.flip(Stream.runCollect(keys())))._tag, "StoreUnavailableError")
          assert.strictEqual((yield* Effect.flip(clear))._tag, "StoreUnavailableError")
          there.always = undefined
          away.always = "unavailable"
          assert.strictEqual(yield* clear, all.length + 1)
          assert.deepStrictEqual([...(yield* Stream.runCollect(keys()))], [])
          assert.deepStrictEqual(
            (yield* kvs[1 - down]!.getMany(all)).filter((it) => it !== undefined),
            []
          )
        }).pipe(Effect.provide(layer))
      })
    )
  }
})

describe("a store that failed", () => {
  it("is tried in its usual place once in each pause", () => {
    const health = new Health(2, 1000)
    assert.deepStrictEqual(health.order(0), [0, 1])
    health.note(0, false, 0)
    assert.deepStrictEqual(health.order(999), [1, 0])
    assert.deepStrictEqual(health.order(1000), [0, 1])
    assert.deepStrictEqual(health.order(1000), [1, 0], "asked already")
    assert.deepStrictEqual(health.order(1999), [1, 0])
    assert.deepStrictEqual(health.order(2000), [0, 1])
    health.note(0, true, 2000)
    assert.deepStrictEqual(health.order(2000), [0, 1])
    assert.deepStrictEqual(health.order(2000), [0, 1])
  })
})

describe("a clock that is set by an hour", () => {
  for (const by of [-3_600_000, 3_600_000]) {
    it.effect(`changes neither pauses nor settle times when it is set ${by < 0 ? "back" : "forward"}`, () =>
      withWallClock((turn) =>
        Effect.gen(function* () {
          const { plans, held, layer } = yield* setup(2, { acknowledgements: 1, settleTime: "10 seconds" })
          yield* inProcess(layer, (kv) =>
            Effect.gen(function* () {
              plans[0]!.steps = ["late"]
              yield* kv.put("a", "late")
              yield* kv.put("a", "newer")
              yield* turn(by)
              yield* TestClock.adjust("4 seconds")
              assert.deepStrictEqual(yield* held("a"), ["newer", "newer"])
              assert.strictEqual(yield* kv.get("a"), "newer")
              yield* TestClock.adjust("2 seconds")
              assert.deepStrictEqual(yield* held("a"), ["late", "newer"], "not repaired before it is settled")
              yield* TestClock.adjust("6 seconds")
              assert.deepStrictEqual(yield* held("a"), ["newer", "newer"])
              plans[0]!.steps = ["unavailable"]
              yield* kv.get("b")
              yield* turn(-by)
              plans[0]!.calls.splice(0)
              yield* kv.get("b")
              assert.strictEqual(plans[0]!.calls.length, 0, "asked last")
              yield* TestClock.adjust("1 second")
              yield* kv.get("b")
              assert.strictEqual(plans[0]!.calls.length, 1, "asked in its place again")
            })
          )
        })
      )
    )
  }
})

describe("a caller's deadline", () => {
  it.effect("ends the wait of the caller, but not the write in the background", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: "all" })
      yield* inProcess(layer.pipe(Deadline.wrap("1 hour")), (kv) =>
        Effect.gen(function* () {
          plans[1]!.steps = [1000]
          const writer = yield* Effect.forkChild(Effect.flip(Deadline.within(kv.put("a", 1), 100)))
          yield* TestClock.adjust(100)
          assert.strictEqual((yield* Fiber.join(writer))._tag, "TimeoutError")
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* held("a"), [1, 1])
        })
      )
    })
  )
})
