/**
 * Tests the queues of writes and reads in Replicate: an operation leaves all queues, no matter at which step it ends.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import { TestClock } from "effect/testing"
import type { Driver } from "../../../src/driver/Driver.ts"
import { idOf } from "../../../src/driver/ids.ts"
import { KeyValue, KeyValueError, Memory } from "../../../src/index.ts"
import { inTurns } from "../../../src/wrappers/replicate/inTurns.ts"
import { replicated } from "../../../src/wrappers/replicate/replicated.ts"
import type { Stores } from "../../../src/wrappers/replicate/Stores.ts"
import { aWhile, inProcess, isAtRest, setup, stored } from "./setup.ts"

const unavailable: Driver["put"] = ({ place }) =>
  Effect.fail(new KeyValueError.StoreUnavailableError({ ...place, reason: "scripted", sent: false }))

/** Two combined memory stores of which the second misses all writes until `comeBack`. */
const behind = Effect.map(Effect.all([Memory.make({}), Memory.make({})]), ([one, two]) => {
  let isDown = true
  const flaky: Driver = { ...two, put: (call) => Effect.suspend(() => (isDown ? unavailable(call) : two.put(call))) }
  const stores = stored([one, flaky])
  const kv = KeyValue.make(replicated(stores, [one, flaky]))
  return { stores, kv, comeBack: () => void (isDown = false) }
})

/** Combined stores whose writes wait until a gate is opened. */
const gated = (count: number, required: number) =>
  Effect.gen(function* () {
    const gate = yield* Deferred.make<void>()
    let puts = 0
    const drivers = yield* Effect.forEach(Array.from({ length: count }), () =>
      Effect.map(Memory.make({}), (driver): Driver => {
        const put: Driver["put"] = (call) =>
          Effect.andThen(
            Deferred.await(gate),
            Effect.tap(
              driver.put(call),
              Effect.sync(() => void puts++)
            )
          )
        return { ...driver, put }
      })
    )
    const stores = stored(drivers, { required })
    const [first, ...rest] = drivers
    const kv = KeyValue.make(replicated(stores, [first!, ...rest]))
    return { gate, stores, kv, drivers: drivers.map((it) => KeyValue.make(it)), puts: () => puts }
  })

/** After how many steps the fibers of an operation yield. */
const steps = Array.from({ length: 120 }, (_, i) => i + 5)

describe("an interruption after any step", { timeout: 120_000 }, () => {
  for (const [name, run] of [
    ["put", (kv: KeyValue.Service) => kv.put("k", 1)],
    [
      "putMany",
      (kv: KeyValue.Service) =>
        kv.putMany([
          ["k", 1],
          ["j", 1]
        ])
    ],
    ["delete", (kv: KeyValue.Service) => kv.delete("k")],
    ["get", (kv: KeyValue.Service) => kv.get("k")],
    ["getMany", (kv: KeyValue.Service) => kv.getMany(["k", "j", "other"])]
  ] as const) {
    it.effect(`of a ${name} removes it from all queues, and later operations succeed`, () =>
      Effect.forEach(
        steps,
        (steps) =>
          Effect.gen(function* () {
            const { stores, kv, comeBack } = yield* behind
            yield* kv.putMany([
              ["k", 0],
              ["j", 0]
            ])
            const work: Effect.Effect<unknown, unknown> = run(kv)
            const slowed = Effect.provideService(work, Scheduler.MaxOpsBeforeYield, steps)
            const fiber = yield* Effect.forkChild(slowed, { startImmediately: true })
            yield* Fiber.interrupt(fiber)
            yield* aWhile
            assert.isTrue(isAtRest(stores), `yields after ${steps} steps`)
            comeBack()
            yield* kv.put("k", "later")
            assert.strictEqual(yield* kv.get("k"), "later")
            assert.isTrue(isAtRest(stores))
          }),
        { discard: true }
      )
    )
  }
})

describe("a write", { timeout: 120_000 }, () => {
  it.effect("completes, wherever its fibers yield", () =>
    Effect.forEach(
      steps,
      (steps) =>
        Effect.gen(function* () {
          const { kv, stores } = yield* behind
          yield* Effect.provideService(kv.put("k", 1), Scheduler.MaxOpsBeforeYield, steps)
          yield* aWhile
          assert.isTrue(isAtRest(stores))
        }),
      { discard: true }
    )
  )
})

describe("a read that waits for its turn", () => {
  it.effect("completes wherever its fiber yields", () =>
    Effect.forEach(
      Array.from({ length: 60 }, (_, i) => [i + 5, (i % 4) + 1] as const),
      ([steps, turns]) =>
        Effect.gen(function* () {
          const { stores, kv, comeBack } = yield* behind
          yield* kv.put("k", 0)
          comeBack()
          const slow = Effect.replicateEffect(Effect.yieldNow, turns, { discard: true })
          const writer = yield* Effect.forkChild(
            inTurns(turnsOf(stores), () => slow),
            { startImmediately: true }
          )
          const reader = Effect.provideService(kv.get("k"), Scheduler.MaxOpsBeforeYield, steps)
          assert.strictEqual(yield* reader, 0)
          yield* Fiber.join(writer)
          assert.isTrue(isAtRest(stores))
        }),
      { discard: true }
    )
  )

  it.effect("is repeated when writes under way made the replies of all stores unreliable", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const lost: Driver["put"] = ({ place }) =>
        Effect.fail(new KeyValueError.StoreUnavailableError({ ...place, reason: "lost", sent: true }))
      const [one, two] = yield* Effect.all([Memory.make({}), Memory.make({})])
      let puts = 0
      const put: Driver["put"] = (call) => {
        const isFirst = puts++ === 0
        return isFirst ? Effect.andThen(Deferred.await(gate), lost(call)) : two.put(call)
      }
      const stores = stored([
        { ...one, put: lost },
        { ...two, put }
      ])
      const kv = KeyValue.make(replicated(stores, [one, two]))
      const first = yield* Effect.forkChild(Effect.result(kv.put("k", 1)), { startImmediately: true })
      const reader = yield* Effect.forkChild(kv.get("k"), { startImmediately: true })
      const second = yield* Effect.forkChild(kv.put("k", 2), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(reader), 2)
      assert.strictEqual((yield* Fiber.join(first))._tag, "Failure")
      yield* Fiber.join(second)
    })
  )

  for (const [lostWrites, expected] of [
    [2, "the newest value"],
    [3, "StoreUnavailableError"]
  ] as const) {
    it.effect(`ends with ${expected} after ${lostWrites} writes of unknown outcome (it asks at most 3 times)`, () =>
      Effect.gen(function* () {
        const gates = yield* Effect.replicateEffect(Deferred.make<void>(), lostWrites)
        const lost: Driver["put"] = ({ place }) =>
          Effect.fail(new KeyValueError.StoreUnavailableError({ ...place, reason: "lost", sent: true }))
        const [one, two] = yield* Effect.all([Memory.make({}), Memory.make({})])
        let puts = 0
        const put: Driver["put"] = (call) => {
          const gate = gates[puts++]
          return gate === undefined ? two.put(call) : Effect.andThen(Deferred.await(gate), lost(call))
        }
        const stores = stored([
          { ...one, put: lost },
          { ...two, put }
        ])
        const kv = KeyValue.make(replicated(stores, [one, two]))
        const write = (value: string) => Effect.forkChild(Effect.result(kv.put("k", value)), { startImmediately: true })
        yield* write("lost")
        const reader = yield* Effect.forkChild(
          Effect.match(kv.get("k"), { onSuccess: (value) => value, onFailure: ({ _tag }) => _tag }),
          { startImmediately: true }
        )
        // The reader waits behind each write. Before the turn of the reader comes, the next write begins.
        for (const [i, gate] of gates.entries()) {
          yield* write(i === lostWrites - 1 ? "the newest value" : "lost")
          yield* Deferred.succeed(gate, undefined)
          yield* aWhile
        }
        assert.strictEqual(yield* Fiber.join(reader), expected)
      })
    )
  }
})

const turnsOf = ({ queues }: Stores) => {
  const place = { operation: "put", collection: "default_collection", keys: ["k"] } as const
  return { queues: queues[0]!, ids: [idOf("default_collection", "k")], alone: true, place }
}

const endWithTheNewest = (
  count: number,
  groups: ReadonlyArray<readonly [name: string, isInterrupted: (index: number) => boolean]>
) => {
  for (const [name, isInterrupted] of groups) {
    it.effect(`end with the newest value in all stores ${name}`, () =>
      Effect.gen(function* () {
        const { gate, stores, kv, drivers, puts } = yield* gated(2, 2)
        const writes: Array<Fiber.Fiber<void, unknown>> = []
        for (let i = 0; i < count; i++)
          writes.push(yield* Effect.forkChild(kv.put("hot", i), { startImmediately: true }))
        for (let i = 0; i < count; i++) if (isInterrupted(i)) yield* Fiber.interrupt(writes[i]!)
        yield* Deferred.succeed(gate, undefined)
        const exits = yield* Effect.forEach(writes, Fiber.await)
        assert.strictEqual(exits.filter((exit, i) => Exit.isSuccess(exit) === isInterrupted(i)).length, 0)
        yield* aWhile
        assert.isTrue(isAtRest(stores))
        assert.isAtMost(puts(), 4, "the first and the newest in each store")
        const newest = isInterrupted(count - 1) ? 0 : count - 1
        for (const driver of drivers) assert.strictEqual(yield* driver.get("hot"), newest)
        yield* kv.put("hot", "later")
        assert.strictEqual(yield* kv.get("hot"), "later")
      })
    )
  }
}

describe("100,000 concurrent writes of one key", { timeout: 120_000 }, () =>
  endWithTheNewest(100_000, [["when every second one is interrupted", (i) => i % 2 === 0]])
)

describe("20,000 concurrent writes of one key", { timeout: 120_000 }, () =>
  endWithTheNewest(20_000, [
    ["when none is interrupted", () => false],
    ["when all are interrupted", () => true],
    ["when the first one is interrupted", (i) => i === 0]
  ])
)

describe("a write that waits for its turn in a store", () => {
  it.effect("is skipped when a newer write follows, and succeeds when the newer write is applied", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: "all" })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.steps = [1000]
          const writes = []
          for (const value of [1, 2, 3]) {
            writes.push(yield* Effect.forkChild(kv.put("a", value), { startImmediately: true }))
          }
          yield* TestClock.adjust("1 second")
          yield* Effect.forEach(writes, Fiber.join)
          assert.strictEqual(plans[1]!.calls.length, 2)
          assert.deepStrictEqual(yield* held("a"), [3, 3])
        })
      )
    })
  )

  it.effect("fails as not applied when the newer write is not applied", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: "all", repair: false })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[0]!.steps = plans[1]!.steps = [1000, "unavailable"]
          plans[1]!.steps = [1000, "unavailable"]
          const writes = []
          for (const value of [1, 2, 3]) {
            writes.push(yield* Effect.forkChild(Effect.result(kv.put("a", value)), { startImmediately: true }))
          }
          yield* TestClock.adjust("1 second")
          const [first, second] = yield* Effect.forEach(writes, Fiber.join)
          assert.strictEqual(first!._tag, "Success")
          assert.strictEqual(
            second!._tag === "Failure" && "outcome" in second!.failure && second!.failure.outcome,
            "not-applied"
          )
          assert.strictEqual(yield* kv.get("a"), 1)
        })
      )
    })
  )

  it.effect("is applied only to those keys of its batch that have no newer write", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2, { acknowledgements: "all" })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.steps = [1000]
          const first = yield* Effect.forkChild(
            kv.putMany([
              ["a", 1],
              ["b", 1]
            ]),
            { startImmediately: true }
          )
          const second = yield* Effect.forkChild(
            kv.putMany([
              ["a", 2],
              ["b", 2]
            ]),
            { startImmediately: true }
          )
          const third = yield* Effect.forkChild(kv.put("b", 3), { startImmediately: true })
          yield* TestClock.adjust("1 second")
          yield* Effect.forEach([first, second, third], Fiber.join)
          assert.deepStrictEqual(
            [yield* held("a"), yield* held("b")],
            [
              [2, 2],
              [3, 3]
            ]
          )
        })
      )
    })
  )

  it.effect("is never made when its caller is interrupted before any store has started it", () =>
    Effect.gen(function* () {
      const { plans, held, layer } = yield* setup(2)
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[0]!.steps = plans[1]!.steps = [1000]
          plans[1]!.steps = [1000]
          const first = yield* Effect.forkChild(kv.put("a", 1), { startImmediately: true })
          const second = yield* Effect.forkChild(kv.put("a", 2), { startImmediately: true })
          yield* Fiber.interrupt(second)
          yield* TestClock.adjust("2 seconds")
          yield* Fiber.join(first)
          assert.deepStrictEqual(yield* held("a"), [1, 1])
        })
      )
    })
  )

  it.effect("leaves the queue when its caller is interrupted before any store has started it", () =>
    Effect.gen(function* () {
      const { stores, kv, gate } = yield* gated(2, 2)
      const first = yield* Effect.forkChild(kv.put("k", 1), { startImmediately: true })
      const second = yield* Effect.forkChild(kv.put("k", 2), { startImmediately: true })
      assert.deepStrictEqual(
        stores.ledger.all().map(({ totalUnderWay }) => totalUnderWay),
        [4]
      )
      yield* Fiber.interrupt(second)
      assert.deepStrictEqual(
        stores.ledger.all().map(({ totalUnderWay }) => totalUnderWay),
        [2]
      )
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(first)
      assert.isTrue(isAtRest(stores))
    })
  )

  it.effect("gets its turn although reads and newer writes keep coming", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: "all", repair: false })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          plans[1]!.always = 10
          let acknowledged = 0
          const user = Effect.forever(Effect.andThen(Effect.exit(kv.get("a")), Effect.sleep(1)))
          const writer = Effect.forever(
            Effect.andThen(
              Effect.forkChild(
                Effect.tap(
                  kv.put("a", 1),
                  Effect.sync(() => void acknowledged++)
                )
              ),
              Effect.sleep(4)
            )
          )
          plans[0]!.always = 10
          const fibers = yield* Effect.forEach([user, user, user, writer], (it) => Effect.forkChild(it))
          for (let i = 0; i < 500; i++) yield* TestClock.adjust(1)
          yield* Effect.forEach(fibers, Fiber.interrupt)
          assert.isAtLeast(acknowledged, 60)
        })
      )
    })
  )
})

describe("several concurrent deletions of an entry that wait for their turns", () => {
  it.effect("return true only once", () =>
    Effect.gen(function* () {
      const { plans, layer } = yield* setup(2, { acknowledgements: "all" })
      yield* inProcess(layer, (kv) =>
        Effect.gen(function* () {
          yield* kv.put("a", 0)
          plans[0]!.steps = [1000]
          plans[1]!.steps = [1000]
          const first = yield* Effect.forkChild(kv.put("a", 1), { startImmediately: true })
          const deletions = []
          for (let i = 0; i < 3; i++) {
            deletions.push(yield* Effect.forkChild(kv.delete("a"), { startImmediately: true }))
          }
          yield* TestClock.adjust("2 seconds")
          yield* Fiber.join(first)
          assert.deepStrictEqual(yield* Effect.forEach(deletions, Fiber.join), [true, false, false])
        })
      )
    })
  )
})
