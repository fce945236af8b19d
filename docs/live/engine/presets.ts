/** Scenarios that each show one thing. */
import type { Fault, Scenario, Summary, Wrapper, WrapperName } from "../model.ts"

export interface Preset {
  readonly id: string
  readonly title: string
  /** What to look at, in one sentence. */
  readonly watch: string
  /** What it teaches. The numbers are those of the run. */
  readonly lesson: (summary: Summary) => string
  readonly scenario: Scenario
}

const w = (name: WrapperName, options: Wrapper["options"] = {}): Wrapper => ({ name, options })

const scenario = (stack: ReadonlyArray<Wrapper>, faults: ReadonlyArray<Fault>, more: Partial<Scenario> = {}): Scenario => ({
  seed: 1,
  seconds: 30,
  stack,
  load: { rate: 50, writes: 0.2, keys: 500, hot: 0.1, reads: "get", ttl: 0 },
  latency: { p50: 8, p99: 40 },
  faults,
  ...more
})

export const presets: ReadonlyArray<Preset> = [
  {
    id: "bare",
    title: "A store without wrappers",
    watch: "Watch the failures while the store is faulty.",
    lesson: ({ failed }) => `Callers see ${failed.StoreUnavailableError ?? 0} errors.`,
    scenario: scenario([], [{ kind: "errors", from: 8, until: 16, amount: 0.15 }])
  },
  {
    id: "retry",
    title: "Retry",
    watch: "Watch failed calls go to the store again.",
    lesson: ({ failed, retries }) => `Callers see ${failed.StoreUnavailableError ?? 0} errors after ${retries} retries.`,
    scenario: scenario([w("Timeout"), w("Retry")], [{ kind: "errors", from: 8, until: 16, amount: 0.15 }])
  }
]

/** The scenario that the page begins with. */
export const defaultScenario: Scenario = presets[1]!.scenario
