/** Tests that Fallback with recovery keeps the newer of two writes when the system clock is set. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { KeyValue, Value } from "../../../src/index.ts"
import { Stamps } from "../../../src/wrappers/fallback/Stamps.ts"
import { call } from "../../driver/recording.ts"
import { withWallClock } from "../../support/wallClock.ts"
import { journal, type Store, setup } from "./setup.ts"

const hour = 3_600_000

/** Writes as another process would whose clock is ahead. */
const writeAhead = ({ driver }: Store, key: string, value: string, millis: number) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    driver.put({
      ...call.put("default_collection", { [key]: value }),
      entries: [{ payload: Value.Payload.json(value), createdAt: now + millis, expiresAt: undefined }]
    })
  )

describe("Fallback with recovery when the clock is set", () => {
  for (const [name, millis] of [
    ["back", -hour],
    ["forward", hour]
  ] as const) {
    it.effect(`keeps the newer of two writes of one process when the clock is set ${name} between them`, () =>
      withWallClock((turn) =>
        Effect.gen(function* () {
          const { primary, layer } = yield* setup({ settleTime: "1 second" })
          yield* Effect.gen(function* () {
            const kv = yield* KeyValue.KeyValue
            yield* kv.put("a", "old")
            yield* turn(millis)
            primary.plan.always = "unavailable"
            yield* kv.put("a", "new")
            primary.plan.always = undefined
            yield* TestClock.adjust("1 minute")
            assert.strictEqual(yield* primary.kv.get("a"), "new")
          }).pipe(Effect.provide(layer))
        })
      )
    )

    it.effect(
      `keeps the later of two writes when the clock is set ${name} while the first one waits for the fallback`,
      () =>
        withWallClock((turn) =>
          Effect.gen(function* () {
            const { primary, fallback, layer } = yield* setup({ settleTime: "1 second" })
            yield* Effect.gen(function* () {
              const kv = yield* KeyValue.KeyValue
              primary.plan.always = "unavailable"
              fallback.plan.steps = [1000]
              const first = yield* Effect.forkChild(kv.put("a", 1))
              yield* TestClock.adjust("500 millis")
              const second = yield* Effect.forkChild(kv.put("a", 2))
              yield* TestClock.adjust("100 millis")
              yield* turn(millis)
              yield* TestClock.adjust("1 second")
              yield* Fiber.joinAll([first, second])
              primary.plan.always = undefined
              yield* TestClock.adjust("1 minute")
              assert.strictEqual(yield* primary.kv.get("a"), 2)
              primary.plan.always = "unavailable"
              yield* kv.put("a", "new")
              primary.plan.always = undefined
              yield* TestClock.adjust("1 minute")
              assert.strictEqual(yield* primary.kv.get("a"), "new")
            }).pipe(Effect.provide(layer))
          })
        )
    )

    it.effect(`keeps the newer of two writes when the clock is set ${name} before the layer is built again`, () =>
      withWallClock((turn) =>
        Effect.gen(function* () {
          const { primary, layer } = yield* setup({ settleTime: "1 second" })
          yield* Effect.provide(
            KeyValue.KeyValue.use((kv) => kv.put("a", "old")),
            layer
          )
          yield* turn(millis)
          yield* Effect.gen(function* () {
            primary.plan.always = "unavailable"
            yield* KeyValue.KeyValue.use((kv) => kv.put("a", "new"))
            primary.plan.always = undefined
            yield* TestClock.adjust("1 minute")
            assert.strictEqual(yield* primary.kv.get("a"), "new")
          }).pipe(Effect.provide(layer))
        })
      )
    )

    it.effect(`replays in time when the clock is set ${name} in the outage`, () =>
      withWallClock((turn) =>
        Effect.gen(function* () {
          const { primary, layer } = yield* setup({ settleTime: "10 seconds", maxDelay: "1 second" })
          yield* Effect.gen(function* () {
            const kv = yield* KeyValue.KeyValue
            primary.plan.steps = ["lost"]
            yield* kv.put("a", "lost")
            yield* primary.kv.delete("a")
            yield* turn(millis)
            yield* TestClock.adjust("9 seconds")
            assert.isUndefined(yield* primary.kv.get("a"), "the write may still be under way")
            yield* TestClock.adjust("3 seconds")
            assert.strictEqual(yield* primary.kv.get("a"), "lost")
          }).pipe(Effect.provide(layer))
        })
      )
    )

    it.effect(`keeps the newer of two writes when the clock is set ${name} during a restart`, () =>
      withWallClock((turn) =>
        Effect.gen(function* () {
          const { primary, layer } = yield* setup({ settleTime: "10 seconds", maxDelay: "1 second" })
          primary.plan.always = "unavailable"
          const put = (value: string) => KeyValue.KeyValue.use((kv) => kv.put("a", value))
          yield* Effect.provide(put("old"), layer)
          yield* turn(millis)
          yield* Effect.provide(put("new"), layer)
          primary.plan.always = undefined
          yield* Effect.gen(function* () {
            assert.strictEqual(yield* KeyValue.KeyValue.use((kv) => kv.get("a")), "new")
            yield* TestClock.adjust("9 seconds")
            assert.isUndefined(yield* primary.kv.get("a"), "settleTime is counted from the start")
            yield* TestClock.adjust("3 seconds")
            assert.strictEqual(yield* primary.kv.get("a"), "new")
          }).pipe(Effect.provide(layer))
        })
      )
    )
  }

  it.effect("replaces an entry that the writer has read, even if its process's clock is ahead", () =>
    withWallClock(() =>
      Effect.gen(function* () {
        const { primary, layer } = yield* setup({ settleTime: "1 second" })
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          yield* writeAhead(primary, "read", "another's", hour)
          assert.strictEqual(yield* kv.get("read"), "another's")
          primary.plan.always = "unavailable"
          yield* kv.put("read", "own")
          yield* writeAhead(primary, "unread", "another's", 2 * hour)
          yield* kv.put("unread", "own")
          primary.plan.always = undefined
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual(yield* primary.kv.getMany(["read", "unread"]), ["own", "another's"])
        }).pipe(Effect.provide(layer))
      })
    )
  )

  it.effect("names slots in the order of acceptance when the clock is set back", () =>
    withWallClock((turn) =>
      Effect.gen(function* () {
        const { primary, fallback, layer } = yield* setup()
        primary.plan.always = "unavailable"
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          for (const key of ["a", "b", "c"]) {
            yield* kv.put(key, 1)
            yield* turn(-hour)
          }
        }).pipe(Effect.provide(layer))
        const { names } = yield* fallback.driver.listing!.keys(call.keys(journal.collection))
        const slots = yield* fallback.kv.getMany([...names].sort(), journal)
        assert.deepStrictEqual(
          slots.map((slot) => (slot as Record<string, unknown>).key),
          ["a", "b", "c"]
        )
      })
    )
  )
})

describe("Stamps", () => {
  it("are the time of day, but never earlier than a previous or seen stamp", () => {
    const stamps = new Stamps()
    assert.deepStrictEqual([stamps.next(5), stamps.next(3), stamps.next(7)], [5, 5, 7])
    stamps.see(20)
    stamps.see(undefined)
    stamps.see(10)
    assert.deepStrictEqual([stamps.next(8), stamps.next(21)], [20, 21])
  })

  it("ignore numbers that cannot be a time of day", () => {
    const stamps = new Stamps()
    for (const stamp of [1e15, Number.MAX_VALUE, Number.POSITIVE_INFINITY, Number.NaN]) stamps.see(stamp)
    assert.strictEqual(stamps.next(1), 1)
  })
})
