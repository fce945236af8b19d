/** A part of a simulation that one worker performs without a pause. */
import { Effect } from "effect"
import { Simulation } from "effect-kv/testing"
import { stacks, stores } from "./stacks.ts"

export interface Task {
  readonly stack: string
  readonly store: string
  readonly firstSeed: number
  readonly seeds: number
  readonly operations: number
  readonly hazards: ReadonlyArray<Simulation.Hazard>
}

export interface Done extends Simulation.Report {
  readonly stack: string
  readonly store: string
  readonly wallSeconds: number
}

export const perform = Effect.fn("simulate.perform")(function* (task: Task) {
  const { stack, store, firstSeed, seeds, operations, hazards } = task
  const begun = performance.now()
  const report = yield* Simulation.run({ ...stacks[stack]!(stores[store]!), firstSeed, seeds, operations, hazards })
  return { ...report, stack, store, wallSeconds: (performance.now() - begun) / 1000 }
})
