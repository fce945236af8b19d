/** The times that the page begins with, in milliseconds. */
import type { Run } from "../model.ts"
import { isFailure } from "./outcomes.ts"

const firstFault = (run: Run) => [...run.scenario.faults].sort((a, b) => a.from - b.from)[0]

/** Three seconds before the first fault, so that the reader sees it strike. */
export const beforeFault = (run: Run): number => 1000 * Math.max(0, (firstFault(run)?.from ?? 0) - 3)

/** The middle of the first fault. Without a fault, a time with much to see, because readers see only this picture. */
export const liveliest = (run: Run): number => {
  const fault = firstFault(run)
  if (fault !== undefined) return 500 * (fault.from + fault.until)
  const weights = run.samples
    .slice(0, -8)
    .map(({ ended, inFlight }) =>
      Object.entries(ended).reduce((sum, [outcome, n]) => sum + (isFailure(outcome) ? n : 0), inFlight)
    )
  const best = weights.indexOf(Math.max(...weights))
  // Dots are later than the requests that they stand for, because they are slow enough to be seen.
  return (run.samples[best]?.time ?? 0) + 350
}
