import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Call } from "../../driver/Call.ts"
import { errorOf } from "../../driver/outcome.ts"
import type { Verdict } from "./Circuit.ts"
import type { Policy } from "./circuits.ts"

/** How the result of a call counts. */
export const verdictOf = (
  exit: Exit.Exit<unknown, unknown>,
  call: Call,
  isFailure: Policy["isFailure"],
  now: () => number
): Verdict => {
  if (Exit.isSuccess(exit)) return "success"
  const error = errorOf(exit.cause)
  if (error === undefined) {
    const wasOutOfTime = call.deadline !== undefined && now() >= call.deadline
    return wasOutOfTime && Cause.hasInterruptsOnly(exit.cause) ? "failure" : "none"
  }
  if (isFailure(error, call)) return "failure"
  return error.retryable ? "none" : "success"
}
