import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { KeyValueError } from "../KeyValueError.ts"

/** The typed error of a cause, unless all that happened is a defect or an interruption. */
export const errorOf = (cause: Cause.Cause<unknown>): KeyValueError | undefined =>
  Option.getOrUndefined(Cause.findErrorOption(cause)) as KeyValueError | undefined

/** Whether a write was applied. A failure that does not say so, a defect and an interruption leave it unknown. */
export const outcomeOf = (exit: Exit.Exit<unknown, unknown>): "applied" | "not-applied" | "unknown" => {
  if (Exit.isSuccess(exit)) return "applied"
  const error = errorOf(exit.cause)
  return error !== undefined && "outcome" in error && error.outcome === "not-applied" ? "not-applied" : "unknown"
}
