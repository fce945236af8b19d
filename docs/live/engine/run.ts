import type { Context } from "effect"
import type { Run, Scenario, Summary } from "../model.ts"
import { advice } from "./advice.ts"
import { build, contextOf } from "./building.ts"
import { arrivalsOf } from "./load.ts"
import { recommended } from "./order.ts"
import { product } from "./products.ts"
import { Recorder } from "./recorder.ts"
import { Requests } from "./requests.ts"
import { Sampler } from "./sampler.ts"
import { placesOf } from "./stack.ts"
import { noSteps } from "./steps.ts"
import { Versions } from "./versions.ts"
import { VirtualTime } from "./virtualTime.ts"

/** How many milliseconds are between two samples. */
export const sampleMillis = 250

/**
 * Runs a scenario: the wrappers of effect-kv around a store with faults, in virtual time. The same scenario always gives
 * the same run.
 */
export const run = (scenario: Scenario): Run => {
  const stack = recommended(scenario.stack)
  const isRecommended = stack.every((wrapper, i) => wrapper === scenario.stack[i])
  return {
    ...simulate(scenario),
    advice: advice(scenario.stack),
    recommended: isRecommended
      ? undefined
      : { stack, summary: simulate({ ...scenario, stack }, { withSteps: false }).summary }
  }
}

interface Options {
  readonly withSteps?: boolean
  /** Called with the services of the run before the stack is closed. */
  readonly onEnd?: (context: Context.Context<never>) => void
}

/** Runs the stack of a scenario, and no other. */
export const simulate = (
  scenario: Scenario,
  { withSteps = true, onEnd }: Options = {}
): Omit<Run, "advice" | "recommended"> => {
  const time = new VirtualTime()
  const places = placesOf(scenario)
  const recorder = new Recorder(time, places.length, withSteps)
  const versions = new Versions()
  const context = contextOf(time, scenario.seed)
  const setting = { scenario, time, context, recorder, versions, product }
  const { kv, circuits, storedBytes, close } = build({ ...setting, places })
  const originAt = places.findIndex(({ kind }) => kind === "origin")
  const requests = new Requests({ ...setting, kv, originAt, layers: places.length })
  const sampler = new Sampler(recorder, places, circuits, time)

  time.begin()
  recorder.isOn = true
  const arrivals = arrivalsOf(scenario)
  let next = 0
  for (let at = sampleMillis; at <= scenario.seconds * 1000 && !time.isStopped; at += sampleMillis) {
    for (; next < arrivals.length && arrivals[next]!.at <= at && !time.isStopped; next++) {
      time.advanceTo(arrivals[next]!.at)
      requests.start(arrivals[next]!)
    }
    time.advanceTo(at)
    sampler.add(time.now, requests)
  }
  recorder.isOn = false

  const { all, succeeded, failed, unknownWrites, staleReads } = requests
  const summary: Summary = {
    requests: all.length,
    succeeded,
    failed,
    ...requests.percentiles,
    ...sampler.totals,
    loads: originAt === -1 ? 0 : recorder.entered[originAt]!,
    hitRate: sampler.cached.rate,
    unknownWrites,
    staleReads,
    storedBytes: time.isStopped ? 0 : storedBytes([...new Set(all.map(({ key }) => key))])
  }
  onEnd?.(context)
  close()
  return {
    stoppedAt: time.isStopped ? time.now : undefined,
    scenario,
    layers: places,
    steps: recorder.steps?.finish() ?? noSteps,
    requests: all,
    samples: sampler.samples,
    circuit: sampler.circuit,
    summary
  }
}
