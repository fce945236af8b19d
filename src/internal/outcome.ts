import * as Exit from "effect/Exit"
import { errorOf } from "./telemetry.ts"

/** Whether a write was applied. A failure that does not say so, a defect and an interruption leave it unknown. */
export const outcomeOf = (exit: Exit.Exit<unknown, unknown>): "applied" | "not-applied" | "unknown" => {
  if (Exit.isSuccess(exit)) return "applied"
  const error = errorOf(exit.cause)
  return error !== undefined && "outcome" in error && error.outcome === "not-applied" ? "not-applied" : "unknown"
}
