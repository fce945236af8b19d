/** Tests `runAfter`, which runs a function after a time by the clock of its fiber. */
import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { liveClock } from "../../src/time/clock.ts"
import { runAfter } from "../../src/time/runAfter.ts"

describe("runAfter with the live clock", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }))
  afterEach(() => void vi.useRealTimers())

  /** Starts timers of a fiber, which add their names to `ran`. */
  const started = () => {
    const ran: Array<string> = []
    const fiber = Effect.runSync(Effect.withFiber((fiber) => Effect.succeed(fiber)))
    return { ran, start: (name: string, millis: number) => runAfter(fiber.context, millis, () => void ran.push(name)) }
  }

  it("runs each function at its time, in the order of the times, unless it was canceled", () => {
    const { ran, start } = started()
    start("late", 150)
    start("a", 100)
    start("b", 100)
    start("soon", 20)
    start("canceled", 50)()
    const timeline: Array<string> = []
    for (let millis = 10; millis <= 150; millis += 10) {
      vi.advanceTimersByTime(10)
      timeline.push(...ran.splice(0).map((name) => `${millis} ${name}`))
    }
    assert.deepStrictEqual(timeline, ["20 soon", "100 a", "100 b", "150 late"])
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("never runs a function early, although timers of the runtime may end early", () => {
    const { ran, start } = started()
    // Not with `vi.spyOn`, which would put the fake timers back after this file.
    const { setTimeout } = globalThis
    globalThis.setTimeout = ((f: () => void, millis: number) => {
      globalThis.setTimeout = setTimeout
      return setTimeout(f, millis - 2)
    }) as typeof setTimeout
    start("a", 100)
    assert.strictEqual(globalThis.setTimeout, setTimeout)
    start("fraction", 100.5)
    vi.advanceTimersByTime(99)
    assert.deepStrictEqual(ran, [])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(ran, ["a"])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(ran, ["a", "fraction"])
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("waits longer than a timer of the runtime can, and can be canceled at any time", () => {
    const { ran, start } = started()
    start("far", 3 * 2 ** 31)
    const cancel = start("canceled", 3 * 2 ** 31)
    vi.advanceTimersByTime(2 * 2 ** 31)
    cancel()
    vi.advanceTimersByTime(2 ** 31 - 1)
    assert.deepStrictEqual(ran, [])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(ran, ["far"])
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("runs a function that is already due a moment later, never before it has returned", () => {
    const { ran, start } = started()
    start("due", -5)
    assert.deepStrictEqual(ran, [])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(ran, ["due"])
  })
})

describe("runAfter with another clock", () => {
  it.effect("runs a function at its time by that clock, unless it was canceled", () =>
    Effect.withFiber((fiber) =>
      Effect.gen(function* () {
        assert.notStrictEqual(yield* Clock.Clock, liveClock)
        const ran: Array<string> = []
        runAfter(fiber.context, 100, () => void ran.push("a"))
        const cancel = runAfter(fiber.context, 50, () => void ran.push("canceled"))
        runAfter(fiber.context, 0, () => void ran.push("due"))
        assert.deepStrictEqual(ran, [])
        yield* TestClock.adjust(40)
        cancel()
        assert.deepStrictEqual(ran, ["due"])
        yield* TestClock.adjust(59)
        assert.deepStrictEqual(ran, ["due"])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(ran, ["due", "a"])
      })
    )
  )
})
