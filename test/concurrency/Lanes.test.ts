/** Tests `Lanes`: effects with a common name run one after another, in the order in which they came. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { Lanes } from "../../src/concurrency/Lanes.ts"

describe("Lanes", () => {
  const setup = () => {
    const lanes = new Lanes()
    const log: Array<string> = []
    /** Takes a second. */
    const step = (name: string, ...names: ReadonlyArray<string>) =>
      lanes.run(
        names,
        Effect.delay(
          Effect.sync(() => void log.push(name)),
          1000
        )
      )
    return { lanes, log, step }
  }

  it.effect("runs effects with a common name in the order in which they came, and others at the same time", () => {
    const { lanes, log, step } = setup()
    return Effect.gen(function* () {
      yield* Effect.forkChild(step("1", "a"))
      yield* Effect.forkChild(step("2", "a", "b"))
      yield* Effect.forkChild(step("3", "c", "c"))
      yield* Effect.forkChild(step("4", "b"))
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(log, ["1", "3"])
      assert.isFalse(lanes.areFree(["b"]))
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(log, ["1", "3", "2"])
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(log, ["1", "3", "2", "4"])
      assert.isTrue(lanes.areFree(["a", "b", "c"]))
    })
  })

  it.effect("keeps the order when a waiter is interrupted", () => {
    const { lanes, log, step } = setup()
    return Effect.gen(function* () {
      yield* Effect.forkChild(step("1", "a"))
      const second = yield* Effect.forkChild(step("2", "a"))
      yield* Effect.forkChild(step("3", "a"))
      yield* TestClock.adjust(500)
      yield* Fiber.interrupt(second)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(log, ["1"], "the third began when the first was done")
      yield* TestClock.adjust(500)
      assert.deepStrictEqual(log, ["1", "3"])
      assert.isTrue(lanes.areFree(["a"]))
    })
  })

  it.effect("lets the next effect in after a failure, a defect and an interruption", () => {
    const { lanes, log, step } = setup()
    return Effect.gen(function* () {
      yield* Effect.exit(lanes.run(["a"], Effect.fail("failure")))
      yield* Effect.exit(lanes.run(["a"], Effect.die("defect")))
      const fiber = yield* Effect.forkChild(lanes.run(["a"], Effect.never))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(fiber)
      const last = yield* Effect.forkChild(step("last", "a"))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(last)
      assert.deepStrictEqual(log, ["last"])
    })
  })
})
