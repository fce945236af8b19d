import { Seeded } from "../../live/engine/random.ts"
import { maxFaults, maxWrappers, ranges } from "../../live/engine/ranges.ts"
import { type Option, wrapperNames, wrappers } from "../../live/engine/wrappers.ts"
import type { Fault, Scenario, Wrapper, WrapperName } from "../../live/model.ts"

/** Random choices from a seed. */
export class Choices {
  private readonly random: Seeded

  constructor(seed: number) {
    this.random = new Seeded(seed, 99)
  }

  integer(min: number, max: number): number {
    return min + Math.floor(this.random.double() * (max - min + 1))
  }

  /** A number with at most two decimals. */
  number(min: number, max: number): number {
    return Math.round((min + this.random.double() * (max - min)) * 100) / 100
  }

  pick<A>(items: ReadonlyArray<A>): A {
    return items[this.integer(0, items.length - 1)]!
  }

  chance(probability: number): boolean {
    return this.random.double() < probability
  }
}

const valueOf = (choices: Choices, { kind, choices: names, min, max }: Option): number | boolean | string => {
  switch (kind) {
    case "boolean":
      return choices.chance(0.5)
    case "choice":
      return choices.pick(names!)
    case "number":
      return choices.number(min!, max!)
    default:
      // Small numbers are more interesting: limits that are reached, and times that pass.
      return choices.chance(0.7) ? choices.integer(min!, Math.min(max!, min! + 500)) : choices.integer(min!, max!)
  }
}

export const randomWrapper = (choices: Choices, name: WrapperName = choices.pick(wrapperNames)): Wrapper => ({
  name,
  options: Object.fromEntries(
    wrappers[name].options
      .filter(() => choices.chance(0.5))
      .map((option) => [option.name, valueOf(choices, option)] as const)
  )
})

const kinds = ["slow", "errors", "lost-replies", "silent", "outage"] as const

const randomFault = (choices: Choices, seconds: number): Fault => {
  const kind = choices.pick(kinds)
  const from = choices.number(0, seconds)
  const amount = kind === "slow" ? choices.integer(ranges.slow.min, 2000) : choices.number(0, 1)
  return { kind, from, until: choices.number(from, seconds), amount }
}

/** Any scenario, with all options within their ranges. Short ones, unless `seconds` is given. */
export const randomScenario = (seed: number, wrapperCount = 8, seconds?: number): Scenario => {
  const choices = new Choices(seed)
  const length = seconds ?? choices.integer(2, 6)
  return {
    seed: choices.integer(0, 1000),
    seconds: length,
    stack: Array.from({ length: choices.integer(0, Math.min(maxWrappers, wrapperCount)) }, () =>
      randomWrapper(choices)
    ),
    load: {
      rate: choices.integer(1, 60),
      writes: choices.number(0, 1),
      keys: choices.integer(1, 200),
      hot: choices.number(0, 1),
      reads: choices.pick(["get", "get-then-load", "getOrSet"] as const),
      ttl: choices.chance(0.5) ? 0 : choices.number(0.1, 5)
    },
    latency: { p50: choices.number(1, 100), p99: choices.number(1, 500) },
    faults: Array.from({ length: choices.integer(0, Math.min(maxFaults, 3)) }, () => randomFault(choices, length))
  }
}
