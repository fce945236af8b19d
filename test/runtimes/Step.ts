/** A feature that is tried in each runtime. */
import type * as Effect from "effect/Effect"

/** Ends if the feature works, and fails or dies otherwise. */
export type Step = Effect.Effect<unknown, unknown>

/** The steps by the name that the table shows. */
export type Steps = Readonly<Record<string, Step>>
