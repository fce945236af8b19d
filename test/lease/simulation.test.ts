/** Tests that the simulation of leases finds planted mistakes within a hundred seeds, and none without a mistake. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { margin, type Rules, rules } from "../../src/lease/rules.ts"
import { type Report, run } from "./simulation.ts"

const planted: Readonly<Record<string, readonly [Partial<Rules>, (report: Report) => number]>> = {
  "an attempt releases the lease of another holder": [{ isOwn: () => true }, ({ twoHolders }) => twoHolders],
  "a contender compares the time of the entry with its own clock": [
    { lapsesIn: ({ record, wall }) => wall.writtenAt + record.ttl - wall.now },
    ({ twoHolders }) => twoHolders
  ],
  "a contender waits for less than the TTL": [
    { lapsesIn: ({ record, since, now }) => since + record.ttl / 3 - now },
    ({ twoHolders }) => twoHolders
  ],
  "a holder counts its renewal from the answer": [
    { validUntil: ({ answeredAt }, ttl) => answeredAt + ttl * (1 - margin) },
    ({ twoHolders }) => twoHolders
  ],
  "a new holder keeps the token of the last one": [
    { nextToken: (previous) => previous ?? 1 },
    ({ sameToken }) => sameToken
  ],
  "a token comes from the wall clock": [
    { nextToken: (_, wallNow) => Math.max(1, Math.floor(wallNow + 1e6)) },
    ({ shrunkTokens }) => shrunkTokens
  ]
}

const simulate = (seed: number, mistake: Partial<Rules> = {}) =>
  // A clock for each seed: nodes are left behind, and would go on with the next seed.
  Effect.scoped(run(seed, { ...rules, ...mistake })).pipe(Effect.provide([TestClock.layer(), Logger.layer([])]))

describe("the simulation of leases", () => {
  for (const [name, [mistake, countOf]] of Object.entries(planted)) {
    it.effect(`finds within a hundred seeds that ${name}`, () =>
      Effect.gen(function* () {
        let seed = 0
        while (seed < 100 && countOf(yield* simulate(seed, mistake)) === 0) seed++
        assert.isBelow(seed, 100)
      })
    )
  }

  it.effect("finds no two holders, and no token that does not grow, in leases without a mistake", () =>
    Effect.gen(function* () {
      let [grants, losses] = [0, 0]
      for (let seed = 0; seed < 8; seed++) {
        const report = yield* simulate(seed)
        grants += report.grants
        losses += report.losses
        assert.deepInclude(report, { twoHolders: 0, sameToken: 0, shrunkTokens: 0 }, `seed ${seed}`)
      }
      assert.isAbove(grants, 30)
      // Otherwise, no holder was ever in danger, and the test would say nothing.
      assert.isAtLeast(losses, 3)
    })
  )
})
