import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"
import { TestClock } from "effect/testing"
import { Deadlines } from "../../src/internal/Deadlines.ts"

/** Deadlines that write down what is due. */
const recording = (clock: Clock.Clock, millis: number) => {
  const due: Array<string> = []
  const deadlines = new Deadlines(clock, millis, Context.get(Context.empty(), Scheduler.Scheduler))
  return { deadlines, due, add: (name: string) => deadlines.add(() => due.push(name)) }
}

describe("by the live clock", () => {
  const clock = Context.get(Context.empty(), Clock.Clock)
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
    // Effect asks for this one before there is anything to fake.
    vi.spyOn(clock, "monotonicTimeNanosUnsafe").mockImplementation(() => BigInt(Date.now()) * 1_000_000n)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  it("each is done when it is due, in its turn, unless it was removed; with one timer for all", () => {
    const { deadlines, due, add } = recording(clock, 100)
    const started = vi.spyOn(globalThis, "setTimeout")
    add("a")
    const b = add("b")
    vi.advanceTimersByTime(50)
    add("c")
    const d = add("d")
    deadlines.remove(b)
    deadlines.remove(b)
    assert.deepStrictEqual([b.earlier, b.later], [undefined, undefined], "it would keep others from being collected")
    vi.advanceTimersByTime(49)
    assert.deepStrictEqual(due, [])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(due, ["a"])
    deadlines.remove(d)
    vi.advanceTimersByTime(49)
    assert.deepStrictEqual(due, ["a"])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(due, ["a", "c"])
    assert.strictEqual(started.mock.calls.length, 2)
    assert.strictEqual(vi.getTimerCount(), 0)
    add("again")
    vi.advanceTimersByTime(100)
    assert.deepStrictEqual(due, ["a", "c", "again"])
  })

  it("a program need not wait for the timer while nothing can be due", () => {
    const { deadlines, add } = recording(clock, 100)
    const timer = { held: true, ref: () => (timer.held = true), unref: () => (timer.held = false) }
    vi.spyOn(globalThis, "setTimeout").mockReturnValue(timer as never)
    const cleared = vi.spyOn(globalThis, "clearTimeout")
    const a = add("a")
    const b = add("b")
    deadlines.remove(a)
    assert.isTrue(timer.held)
    deadlines.remove(b)
    assert.isFalse(timer.held)
    add("c")
    assert.isTrue(timer.held)
    deadlines.close()
    assert.deepStrictEqual(cleared.mock.calls, [[timer as never]])
  })

  it("one that adds and removes others while it is done", () => {
    const { deadlines, due, add } = recording(clock, 100)
    deadlines.add(() => {
      deadlines.remove(last)
      add("later")
    })
    add("next")
    const last = add("removed")
    vi.advanceTimersByTime(100)
    assert.deepStrictEqual(due, ["next"])
    vi.advanceTimersByTime(100)
    assert.deepStrictEqual(due, ["next", "later"])
  })

  it("what one adds while it is done makes no other late", () => {
    const { deadlines, due, add } = recording(clock, 100)
    deadlines.add(() => {
      add("again")
    })
    vi.advanceTimersByTime(10)
    add("next")
    vi.advanceTimersByTime(100)
    assert.deepStrictEqual(due, ["next"])
    vi.advanceTimersByTime(90)
    assert.deepStrictEqual(due, ["next", "again"])
  })

  it("one that is nearer than the others comes before them, and one that is farther away after them", () => {
    const { deadlines, due, add } = recording(clock, 100)
    const once = (name: string, millis: number) => deadlines.add(() => due.push(name), millis)
    once("first of all", 30)
    add("a")
    once("late", 150)
    add("b")
    once("soon", 20)
    deadlines.remove(once("removed", 40))
    const timeline: Array<string> = []
    for (let millis = 10; millis <= 150; millis += 10) {
      vi.advanceTimersByTime(10)
      timeline.push(...due.splice(0).map((name) => `${millis} ${name}`))
    }
    assert.deepStrictEqual(timeline, ["20 soon", "30 first of all", "100 a", "100 b", "150 late"])
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("farther away than a timer can wait", () => {
    const { due, add } = recording(clock, 2 ** 31 + 1000)
    add("a")
    vi.advanceTimersByTime(2 ** 31)
    assert.deepStrictEqual(due, [])
    vi.advanceTimersByTime(1000)
    assert.deepStrictEqual(due, ["a"])
  })
})

describe("by another clock", () => {
  it.effect("the same", () =>
    Effect.gen(function* () {
      const { deadlines, due, add } = recording(yield* Clock.Clock, 100)
      add("a")
      yield* TestClock.adjust(50)
      const b = add("b")
      add("c")
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(due, ["a"])
      deadlines.remove(b)
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(due, ["a", "c"])
      add("closed")
      deadlines.close()
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["a", "c"])
    })
  )
})
