/** What the picture shows at a time, in one or two sentences. */
import type { Run } from "../model.ts"
import { answersAt, sampleAt } from "./charts.ts"
import { faultKinds, faultsAt } from "./edits.ts"
import { millis } from "./format.ts"

/** `tick` counts quarters of a second. */
export const describe = (run: Run, tick: number): string => {
  const sample = sampleAt(run, tick * 250)
  if (sample === undefined) return ""
  const answers = answersAt(sample)
    .filter(({ value }, i) => i === 0 || value !== "0")
    .map(({ label, value }) => `${value} ${label}`)
    .join(", ")
  const faults = faultsAt(run.scenario, tick / 4).map(({ kind }) => faultKinds[kind].name)
  return [
    `After ${Math.floor(tick / 4)} seconds: per second, ${answers}.`,
    faults.length === 0 ? "" : `Fault of the store: ${faults.join(", ")}.`,
    sample.circuit === undefined ? "" : `The circuit is ${sample.circuit}.`,
    sample.queue === 0 ? "" : `${sample.queue} calls wait in the queue.`,
    sample.p99 === undefined ? "" : `p99 is ${millis(sample.p99)}.`
  ]
    .filter((it) => it !== "")
    .join(" ")
}
