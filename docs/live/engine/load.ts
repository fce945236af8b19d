import type { Scenario } from "../model.ts"
import { Seeded } from "./random.ts"

export interface Arrival {
  readonly at: number
  readonly key: number
  readonly write: boolean
}

/** Requests arrive independently of each other and of the answers, as those of many users do. */
export const arrivalsOf = ({ seed, seconds, load }: Scenario): ReadonlyArray<Arrival> => {
  const times = new Seeded(seed, 1)
  const choices = new Seeded(seed, 2)
  const pick = zipf(Math.max(1, load.keys))
  const arrivals: Array<Arrival> = []
  let at = 0
  while (load.rate > 0) {
    at += (-Math.log(1 - times.double()) * 1000) / load.rate
    if (at >= seconds * 1000) break
    const isHot = choices.double() < load.hot
    const key = pick(choices.double())
    const write = choices.double() < load.writes
    arrivals.push({ at: Math.round(at * 1000) / 1000, key: isHot ? 0 : key, write })
  }
  return arrivals
}

/** Returns a function that picks a key by a number from 0 to 1. The n-th key is as frequent as 1 / (n + 10). */
const zipf = (keys: number): ((at: number) => number) => {
  const sums = new Float64Array(keys)
  let sum = 0
  for (let i = 0; i < keys; i++) {
    sum += 1 / (i + 10)
    sums[i] = sum
  }
  return (at) => {
    const wanted = at * sum
    let low = 0
    let high = keys - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! <= wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}
