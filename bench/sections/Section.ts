import type * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { Sample } from "../measure.ts"

/** How much is measured, and with whom. */
export interface Plan {
  /** How many turns are wanted of each candidate. */
  readonly turns: number
  /** How many processes what has one of its own is measured in. */
  readonly processes: number
  /** Whether other libraries, other numbers of callers and latencies are measured too, and not only what has a target. */
  readonly everything: boolean
}

/** A part of the benchmark. */
export interface Section {
  readonly name: string
  readonly title: string
  /** What a reader has to know to read the table. */
  readonly about: string
  readonly needsRedis: boolean
  readonly run: (plan: Plan) => Effect.Effect<ReadonlyArray<Sample>, unknown, Scope>
}
