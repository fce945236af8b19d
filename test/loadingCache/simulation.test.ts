/** Tests that a simulated fleet of caches keeps its promises, and that the simulation finds mistakes that are planted. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { run } from "./simulation/fleet.ts"
import { mistakes } from "./simulation/mistakes.ts"

describe("a simulated fleet", () => {
  for (const lease of [false, true]) {
    it.live(`keeps all promises ${lease ? "with" : "without"} leases`, () =>
      Effect.gen(function* () {
        for (let seed = 0; seed < 5; seed++)
          assert.deepStrictEqual([...(yield* run({ seed, lease }))], [], `seed ${seed}`)
      })
    )
  }
})

describe("within 100 seeds, the simulation finds that", () => {
  for (const [name, { shows, ...options }] of Object.entries(mistakes)) {
    it.live(name, () =>
      Effect.gen(function* () {
        for (let seed = 0; seed < 100; seed++) if ((yield* run({ seed, ...options })).has(shows)) return
        assert.fail(`${shows} was not found`)
      })
    )
  }
})
