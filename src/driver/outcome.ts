import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { KeyValueError } from "../KeyValueError.ts"

/** Returns the typed error of a cause, or `undefined` if the cause has only defects and interruptions. */
export const errorOf = (cause: Cause.Cause<unknown>): KeyValueError | undefined =>
  Option.getOrUndefined(Cause.findErrorOption(cause)) as KeyValueError | undefined

/** Whether a write that failed with an error may have been applied, or may still be. */
export const mayBeApplied = (error: KeyValueError): boolean => !("outcome" in error) || error.outcome !== "not-applied"

/** Returns whether a write was applied. After a defect, an interruption or an error without `outcome`, it is unknown. */
export const outcomeOf = (exit: Exit.Exit<unknown, unknown>): "applied" | "not-applied" | "unknown" => {
  if (Exit.isSuccess(exit)) return "applied"
  const error = errorOf(exit.cause)
  return error === undefined || mayBeApplied(error) ? "unknown" : "not-applied"
}
