/** Tests histories of many fibers on few keys, so that writes and reads wait for their turns in each store. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Memory, Replicate } from "../../../src/index.ts"
import { chaos, firstViolation } from "../../support/histories.ts"

describe("histories of many fibers over slow stores", { timeout: 120_000 }, () => {
  for (const [count, acknowledgements] of [
    [3, "quorum"],
    [2, "all"],
    [3, 1]
  ] as const) {
    it.effect(`are linearizable with ${count} stores and acknowledgements: ${acknowledgements}`, () => {
      const store = () => Memory.layer().pipe(chaos({ unavailable: 5, lost: 5, late: 5, slow: 70 }))
      const layer = () => {
        const replicas = Array.from({ length: count - 1 }, store)
        return store().pipe(Replicate.wrap({ replicas, acknowledgements }))
      }
      return Effect.map(firstViolation(layer, 20, { fibers: 6, steps: 4, pause: 120 }), (found) =>
        assert.deepStrictEqual(found, undefined)
      )
    })
  }
})
