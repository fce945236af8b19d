/** Tests the parts of the live page that need no browser. */
import { assert, describe, it } from "@effect/vitest"
import { presets } from "../../live/engine/presets.ts"
import { run } from "../../live/engine/run.ts"
import { wrapperNames, wrapperOf, wrappers } from "../../live/engine/wrappers.ts"
import { chartsOf } from "../../live/ui/charts.ts"
import { addFault, moveWrapper, setFault, setLatency } from "../../live/ui/edits.ts"
import { bytes, count, difference, millis, percent } from "../../live/ui/format.ts"
import { isUsed } from "../../live/ui/options.ts"
import { positionOf, positions, valueAt } from "../../live/ui/slider.ts"
import { storyOf } from "../../live/ui/story.ts"
import { tilesOf } from "../../live/ui/tiles.ts"

const [bare] = presets.filter(({ id }) => id === "bare").map(({ scenario }) => scenario)
const scenario = bare ?? presets[0]!.scenario

describe("a slider", () => {
  const ranges = wrapperNames.flatMap((name) =>
    wrappers[name].options.flatMap(({ min, max, step }) =>
      min === undefined || max === undefined ? [] : [{ min, max, step: step ?? 1 }]
    )
  )

  it("reaches both ends of its range, and no number outside", () => {
    for (const range of ranges) {
      assert.strictEqual(valueAt(range, 0, range.max), range.min)
      assert.strictEqual(valueAt(range, positions, range.min), range.max)
      for (let position = 0; position <= positions; position++) {
        const value = valueAt(range, position, range.min)
        assert.isTrue(value >= range.min && value <= range.max, `${value}`)
      }
    }
  })

  it("changes the number with each press of an arrow key", () => {
    for (const range of ranges) {
      let value = range.min
      let presses = 0
      while (value < range.max && presses++ < 2000) {
        const next = valueAt(range, Math.min(positions, Math.round(positionOf(range, value)) + 1), value)
        assert.isAbove(next, value, JSON.stringify({ range, value }))
        value = next
      }
      assert.strictEqual(value, range.max)
    }
  })
})

describe("an edit", () => {
  it("moves a wrapper past its neighbor, and not past the end", () => {
    const stack = [wrapperOf("Timeout"), wrapperOf("Retry")]
    const moved = moveWrapper({ ...scenario, stack }, 0, 1)
    assert.deepStrictEqual(
      moved.stack.map(({ name }) => name),
      ["Retry", "Timeout"]
    )
    assert.strictEqual(moveWrapper(moved, 1, 1), moved)
    assert.strictEqual(moveWrapper(moved, 0, -1), moved)
  })

  it("keeps faults within the run", () => {
    const added = addFault({ ...scenario, faults: [] }, "outage", 29.9)
    assert.deepStrictEqual(added.faults, [{ kind: "outage", from: 29.5, until: 30, amount: 1 }])
    const set = setFault(added, 0, { from: 50, until: 2 })
    assert.deepStrictEqual(set.faults, [{ kind: "outage", from: 29.75, until: 30, amount: 1 }])
  })

  it("keeps the median below the 99th percentile", () => {
    assert.deepStrictEqual(setLatency(scenario, { p50: 500 }).latency, { p50: 500, p99: 500 })
    assert.deepStrictEqual(setLatency(scenario, { p99: 2 }).latency, { p50: 2, p99: 2 })
  })
})

describe("numbers", () => {
  it("have units", () => {
    assert.deepStrictEqual([3.16, 812.4, 12_345, undefined].map(millis), ["3.2 ms", "812 ms", "12.3 s", "–"])
    assert.deepStrictEqual([0, 0.931, 0.9951].map(percent), ["0 %", "93 %", "99.5 %"])
    assert.deepStrictEqual([12, 45_600, 1_234_000].map(bytes), ["12 B", "46 KB", "1.23 MB"])
  })

  it("have a difference with a sign, or none", () => {
    assert.strictEqual(difference(5, 2, count), "+3")
    assert.strictEqual(difference(1000, 2500, count), "−1,500")
    assert.strictEqual(difference(0.02, 0.01, millis), "")
  })
})

describe("a run", { timeout: 300_000 }, () => {
  it("has charts, and each reads a sample", () => {
    for (const { scenario } of presets) {
      const result = run(scenario)
      for (const chart of chartsOf(result)) {
        assert.isNotEmpty(chart.description)
        for (const { path } of chart.shapes) assert.notInclude(path, "NaN")
        assert.isNotEmpty(chart.read(result.samples[3]!))
      }
      for (const tile of tilesOf(result, undefined)) assert.strictEqual(tile.change, "")
    }
  })

  it("has a story for each request, in the order of time", () => {
    const result = run(scenario)
    for (const request of result.requests.slice(0, 50)) {
      const lines = storyOf(result, request)
      assert.strictEqual(lines[0]!.layer, "Caller")
      for (let i = 1; i < lines.length; i++) assert.isAtLeast(lines[i]!.time, lines[i - 1]!.time)
    }
  })
})

describe("an option that has no effect", () => {
  it("is hidden", () => {
    const hedge = wrapperOf("Hedge", { after: "fixed time" })
    assert.isFalse(isUsed(hedge, "percentile"))
    assert.isTrue(isUsed(hedge, "afterMillis"))
  })
})
