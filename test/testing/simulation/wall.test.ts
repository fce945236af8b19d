/** Tests the wall clock of the simulation, which can jump, and when it passes an expiry. */
import { assert, describe, it } from "@effect/vitest"
import { crossings, wallAt } from "../../../src/testing/simulation/wall.ts"

describe("the wall clock of a simulation", () => {
  it("shows the elapsed time plus all jumps so far", () => {
    const jumps = [
      { at: 10, by: 100 },
      { at: 20, by: -50 }
    ]
    assert.deepStrictEqual(
      [9, 10, 19, 20].map((at) => wallAt(jumps, at)),
      [9, 110, 119, 70]
    )
  })

  it("passes a time once without jumps", () => {
    assert.deepStrictEqual(crossings([], 30), [{ at: 30, expired: true }])
  })

  it("passes a time when it is set forward past it", () => {
    assert.deepStrictEqual(crossings([{ at: 10, by: 100 }], 30), [{ at: 10, expired: true }])
  })

  it("passes a time again after it was set back", () => {
    assert.deepStrictEqual(crossings([{ at: 40, by: -100 }], 30), [
      { at: 30, expired: true },
      { at: 40, expired: false },
      { at: 130, expired: true }
    ])
  })

  it("passes a time later when it is set back before it", () => {
    assert.deepStrictEqual(crossings([{ at: 10, by: -100 }], 30), [{ at: 130, expired: true }])
  })
})
