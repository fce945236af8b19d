import { assert, describe, it } from "@effect/vitest"
import { Metric } from "effect"
import { presets } from "../../live/engine/presets.ts"
import { simulate } from "../../live/engine/run.ts"
import { stepAt } from "../../live/engine/steps.ts"
import type { Run, Scenario } from "../../live/model.ts"

type Attributes = Readonly<Record<string, string>>

/** A run, and a function that returns the sum of a counter that effect-kv kept in it. */
const measured = (scenario: Scenario) => {
  let snapshots: ReadonlyArray<Metric.Metric.Snapshot> = []
  const run = simulate(scenario, {
    onEnd: (context) => {
      snapshots = Metric.snapshotUnsafe(context)
    }
  })
  const has = (attributes: Attributes | undefined, wanted: Attributes) =>
    Object.entries(wanted).every(([name, value]) => attributes?.[name] === value)
  const count = (name: string, wanted: Attributes = {}): number =>
    snapshots
      .filter((it) => it.type === "Counter" && it.id === `effect_kv.${name}` && has(it.attributes, wanted))
      .reduce((sum, { state }) => sum + Number((state as Metric.CounterState<number>).count), 0)
  return { run, count }
}

/** How many calls left a wrapper with an outcome. */
const left = ({ steps, layers }: Pick<Run, "steps" | "layers">, name: string, outcome: string): number => {
  let count = 0
  for (let i = 0; i < steps.length; i++) {
    const step = stepAt(steps, i)
    if (layers[step.layer]!.name === name && step.outcome === outcome) count++
  }
  return count
}

const inCache = (result: string): Attributes => ({ "cache.result": result })
const to = (state: string): Attributes => ({ "effect_kv.circuit_breaker.state": state })

describe("what the page shows", () => {
  for (const { id, scenario } of presets) {
    it(`is what the metrics of effect-kv count: ${id}`, () => {
      const { run, count } = measured(scenario)
      const { summary, samples, circuit } = run
      const states = (state: string) => circuit.filter((it) => it.state === state).length
      const shown = {
        retries: summary.retries,
        hedges: summary.hedges,
        rateLimited: left(run, "RateLimit", "RateLimitedError"),
        rejected: left(run, "Bulkhead", "BulkheadFullError"),
        hits: left(run, "PassthroughCache", "hit"),
        stale: left(run, "PassthroughCache", "stale"),
        opened: states("open"),
        probed: states("half-open"),
        closed: states("closed")
      }
      assert.deepStrictEqual(shown, {
        retries: count("retry.retries"),
        hedges: count("hedge.sent"),
        rateLimited: count("rate_limit.rejected"),
        rejected: count("bulkhead.rejected"),
        hits: count("cache", inCache("hit")),
        stale: count("cache", inCache("stale")),
        opened: count("circuit_breaker.transitions", to("open")),
        probed: count("circuit_breaker.transitions", to("half_open")),
        closed: count("circuit_breaker.transitions", to("closed"))
      })
      assert.isAtLeast(Math.min(...samples.map(({ queue }) => queue)), 0)
    })
  }
})
