import type { History } from "./History.ts"
import { type Violation, violation } from "./Violation.ts"

/** Finds a stack that does not report that it has recovered. */
export const checkHealth = ({ health }: History): ReadonlyArray<Violation> =>
  health === undefined || health.status === "up"
    ? []
    : [violation("notRecovered", `the stack is ${health.status} after all faults had stopped: ${health.reason}`, {})]
