/** What an operation that rewrites stored entries one by one says about them: `Rotation`, and `upgrade` of a collection. */
import * as Effect from "effect/Effect"
import { type Place, StoreError } from "../../KeyValueError.ts"
import type { Drop } from "../Call.ts"

/** What became of an entry. `Failure` is why it was left unchanged. */
export type Outcome<Failure> = "rewritten" | "current" | "gone" | Failure

/** Returns the outcome of an entry whose write a wrapper has dropped. */
export const ifDropped =
  (place: Place) =>
  (drop: Drop): Effect.Effect<Outcome<StoreError>> =>
    Effect.succeed(
      drop === "delete"
        ? "gone"
        : new StoreError({ ...place, reason: "a wrapper of the stack did not store the entry" })
    )

/** Counts outcomes. */
export const countsOf = <Failure extends object>(outcomes: ReadonlyArray<Outcome<Failure>>) => {
  const count = (name: Outcome<never>) => outcomes.filter((outcome) => outcome === name).length
  return {
    rewritten: count("rewritten"),
    current: count("current"),
    gone: count("gone"),
    failed: outcomes.filter((outcome) => typeof outcome !== "string")
  }
}
