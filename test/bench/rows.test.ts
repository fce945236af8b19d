/** Tests the gate of the benchmark: which rows pass, and what it prints for a row. */
import { assert, describe, it } from "@effect/vitest"
import { emptyRow, type Row, rowOf, stillFailing, table } from "../../bench/rows.ts"
import type { Target } from "../../bench/targets.ts"
import { target } from "./target.ts"

/** A row after runs with these figures. */
const rowWith = (figures: ReadonlyArray<number | undefined>, more: Partial<Target> = {}): Row => {
  let row = emptyRow(target(more))
  for (const figure of figures) row = rowOf({ ...row, target: target({ ...more, reached: () => figure }) }, [])
  return row
}

const fails = (...args: Parameters<typeof rowWith>) => stillFailing([rowWith(...args)]).length === 1

describe("the gate", () => {
  it("passes a row that is at most 15 % over its target", () => {
    assert.isFalse(fails([2.3]))
    assert.isTrue(fails([2.31]))
  })

  it("passes a row with one good run of three", () => {
    assert.isTrue(fails([2.4, 2.5, 2.6]))
    assert.isFalse(fails([2.4, 2.5, 2.2]))
    assert.isFalse(fails([2.4, 2.2]))
  })

  it("asks for no more than 1.15 times the work by hand", () => {
    const floor = { what: "by hand", reached: () => 2.5 }
    assert.isFalse(fails([3.3], { floor }))
    assert.isTrue(fails([3.32], { floor }))
    assert.isFalse(fails([2.3], { floor: { what: "by hand", reached: () => 1 } }))
    assert.isTrue(fails([2.31], { floor: { what: "by hand", reached: () => undefined } }))
  })

  it("fails a row that was not measured", () => {
    assert.isTrue(fails([]))
    assert.isTrue(fails([undefined]))
  })

  it("prints the figure of every run", () => {
    const text = table([rowWith([2.4, 2.5, 2.6]), rowWith([1], { name: "another" })])
    assert.strictEqual(
      text,
      "FAIL it       target 2 ×, reached 2.40 (of 2.30), 2.50 (of 2.30), 2.60 (of 2.30)\nok   another  target 2 ×, reached 1.00 (of 2.30)"
    )
  })
})
