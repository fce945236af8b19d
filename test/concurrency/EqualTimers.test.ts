/** Tests `EqualTimers`, which serve many timers of the same length by one timer of the runtime. */
import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { EqualTimers, type Timer } from "../../src/concurrency/EqualTimers.ts"

describe("EqualTimers", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }))
  afterEach(() => void vi.useRealTimers())

  const millis = 100

  const make = () => {
    const ran: Array<string> = []
    const timers = new EqualTimers(millis)
    const start = (name: string, onRun: () => void = () => {}): Timer => {
      const run = () => {
        ran.push(`${Math.round(performance.now() - began)} ${name}`)
        onRun()
      }
      const timer: Timer = { endsAt: performance.now() + millis, run, link: undefined }
      timers.start(timer)
      return timer
    }
    const began = performance.now()
    return { ran, timers, start }
  }

  it("run each function at its time by one timer of the runtime, unless it was stopped", () => {
    const { ran, timers, start } = make()
    const first = start("first")
    start("a")
    vi.advanceTimersByTime(30)
    start("b")
    const stopped = start("stopped")
    vi.advanceTimersByTime(30)
    start("c")
    timers.stop(first)
    timers.stop(stopped)
    assert.strictEqual(vi.getTimerCount(), 1)
    vi.advanceTimersByTime(1000)
    assert.deepStrictEqual(ran, ["100 a", "130 b", "160 c"])
  })

  it("leave no timer of the runtime behind when all were stopped or have run", () => {
    const { ran, timers, start } = make()
    const all = [start("a"), start("b")]
    for (const timer of all) timers.stop(timer)
    assert.strictEqual(vi.getTimerCount(), 0)
    const ranAlready = start("c")
    vi.advanceTimersByTime(millis)
    assert.strictEqual(vi.getTimerCount(), 0)
    start("d")
    timers.stop(ranAlready)
    vi.advanceTimersByTime(millis)
    assert.deepStrictEqual(ran, ["100 c", "200 d"])
  })

  it("run functions that start or stop timers themselves", () => {
    const { ran, timers, start } = make()
    start("a", () => {
      timers.stop(second)
      start("again")
    })
    const second = start("second")
    start("b", () => start("then"))
    vi.advanceTimersByTime(millis)
    assert.strictEqual(vi.getTimerCount(), 1)
    vi.advanceTimersByTime(millis)
    assert.deepStrictEqual(ran, ["100 a", "100 b", "200 again", "200 then"])
    assert.strictEqual(vi.getTimerCount(), 0)
  })
})
