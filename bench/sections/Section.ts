import type * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { Sample } from "../measure.ts"

/** How much to measure. */
export interface Plan {
  /** How many turns each candidate needs. */
  readonly turns: number
  /** In how many processes to measure candidates that have their own process. */
  readonly processes: number
  /** Whether to measure other libraries, other numbers of callers and latencies, too, and not only the targets. */
  readonly everything: boolean
}

/** A part of the benchmark. */
export interface Section {
  readonly name: string
  readonly title: string
  /** Explains the table to its reader. */
  readonly about: string
  readonly needsRedis: boolean
  readonly run: (plan: Plan) => Effect.Effect<ReadonlyArray<Sample>, unknown, Scope>
}
