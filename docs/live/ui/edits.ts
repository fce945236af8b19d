/** Changes of a scenario. Each returns a new scenario. */
import { ranges } from "../engine/ranges.ts"
import type { Fault, Scenario, Wrapper } from "../model.ts"

const withStack = (scenario: Scenario, stack: ReadonlyArray<Wrapper>): Scenario => ({ ...scenario, stack })

/** Adds a wrapper outside of all others, or at an index of the stack. */
export const addWrapper = (scenario: Scenario, wrapper: Wrapper, at = scenario.stack.length): Scenario =>
  withStack(scenario, scenario.stack.toSpliced(at, 0, wrapper))

export const removeWrapper = (scenario: Scenario, at: number): Scenario =>
  withStack(scenario, scenario.stack.toSpliced(at, 1))

/** Exchanges a wrapper with the next one outside (`1`) or inside (`-1`). Does nothing at the end of the stack. */
export const moveWrapper = (scenario: Scenario, at: number, by: 1 | -1): Scenario => {
  const { stack } = scenario
  const [moved, other] = [stack[at], stack[at + by]]
  return moved === undefined || other === undefined
    ? scenario
    : withStack(scenario, stack.with(at, other).with(at + by, moved))
}

export const setOption = (scenario: Scenario, at: number, name: string, value: number | string | boolean): Scenario => {
  const wrapper = scenario.stack[at]
  if (wrapper === undefined) return scenario
  return withStack(
    scenario,
    scenario.stack.with(at, { name: wrapper.name, options: { ...wrapper.options, [name]: value } })
  )
}

export const setLoad = (scenario: Scenario, change: Partial<Scenario["load"]>): Scenario => ({
  ...scenario,
  load: { ...scenario.load, ...change }
})

export const setLatency = (scenario: Scenario, change: Partial<Scenario["latency"]>): Scenario => {
  const { p50, p99 } = { ...scenario.latency, ...change }
  // The one that was not changed gives way.
  return {
    ...scenario,
    latency: change.p99 === undefined ? { p50, p99: Math.max(p50, p99) } : { p50: Math.min(p50, p99), p99 }
  }
}

/** What each kind of fault is called, and how it begins when it is added. */
export const faultKinds: Readonly<
  Record<
    Fault["kind"],
    { readonly name: string; readonly action: string; readonly amount: number; readonly text: string }
  >
> = {
  outage: {
    name: "outage",
    action: "Break the store",
    amount: 1,
    text: "The connection is refused at once."
  },
  silent: {
    name: "no answer",
    action: "Make it silent",
    amount: 1,
    text: "Calls get no answer until the fault ends."
  },
  slow: {
    name: "slow",
    action: "Make it slow",
    amount: 300,
    text: "Each call takes longer."
  },
  errors: {
    name: "errors",
    action: "Make calls fail",
    amount: 0.3,
    text: "A part of the calls fails."
  },
  "lost-replies": {
    name: "lost replies",
    action: "Lose replies",
    amount: 0.3,
    text: "A part of the calls is applied, but the reply is lost."
  }
}

const round = (value: number): number => Math.round(value * 100) / 100

/** Adds a fault that lasts four seconds, or until the end of the run. */
export const addFault = (scenario: Scenario, kind: Fault["kind"], from: number): Scenario => {
  const start = round(Math.max(0, Math.min(from, scenario.seconds - 0.5)))
  const until = round(Math.min(scenario.seconds, start + 4))
  return { ...scenario, faults: [...scenario.faults, { kind, from: start, until, amount: faultKinds[kind].amount }] }
}

export const removeFault = (scenario: Scenario, at: number): Scenario => ({
  ...scenario,
  faults: scenario.faults.toSpliced(at, 1)
})

/** The largest amount of a fault: milliseconds of latency, or all calls. */
const maxAmount = (kind: Fault["kind"]): number => (kind === "slow" ? ranges.slow.max : 1)

/** Changes a fault. A fault lasts at least a quarter of a second and ends with the run. */
export const setFault = (scenario: Scenario, at: number, change: Partial<Fault>): Scenario => {
  const fault = scenario.faults[at]
  if (fault === undefined) return scenario
  const { kind, from, until, amount } = { ...fault, ...change }
  const start = round(Math.max(0, Math.min(from, scenario.seconds - 0.25)))
  const end = round(Math.max(start + 0.25, Math.min(until, scenario.seconds)))
  const part = Math.max(0, Math.min(amount, maxAmount(kind)))
  return { ...scenario, faults: scenario.faults.with(at, { kind, from: start, until: end, amount: part }) }
}

/** The faults that strike the store at a time in seconds. */
export const faultsAt = (scenario: Scenario, time: number): ReadonlyArray<Fault> =>
  scenario.faults.filter(({ from, until }) => from <= time && time < until)
