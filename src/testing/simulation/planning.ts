import { addHazards } from "./hazardous.ts"
import { type Action, type Outage, type Plan, type Setting, stepOf } from "./Plan.ts"
import { Seeded } from "./Seeded.ts"

const weights: ReadonlyArray<readonly [Action, number]> = [
  ["get", 30],
  ["getMany", 6],
  ["ttl", 6],
  ["ttlMany", 3],
  ["put", 22],
  ["putMany", 5],
  ["delete", 9],
  ["deleteMany", 3]
]

const atomicWeights: typeof weights = [
  ["putIfAbsent", 5],
  ["update", 8],
  ["getAndDelete", 3]
]

export const planOf = (setting: Setting): Plan => {
  const { seed, operations, clients, keys: count, atomic, stores } = setting
  const random = new Seeded(seed, -1)
  const keys = Array.from({ length: count }, (_, i) => `k${i}`)
  const actions = atomic ? [...weights, ...atomicWeights] : weights
  const sum = actions.reduce((sum, [, weight]) => sum + weight, 0)
  const action = (): Action => {
    let left = random.nextDoubleUnsafe() * sum
    return (actions.find(([, weight]) => (left -= weight) < 0) ?? actions[0]!)[0]
  }
  /** Half of the pauses are short, so that operations overlap. The others let other operations end first. */
  const pause = (): number => (random.chance(0.5) ? random.integer(0, 10) : random.integer(0, 600))
  const one = () => [keys[Math.floor(random.nextDoubleUnsafe() ** 2 * keys.length)]!]
  const steps = Array.from({ length: operations }, (_, id) => {
    const step = action()
    return stepOf(id, id % clients, step, step.endsWith("Many") ? some(keys, random) : one(), {
      pause: pause(),
      ttl: /^(put|update)/.test(step) && random.chance(0.3) ? random.integer(20, 4000) : undefined,
      large: random.chance(0.1)
    })
  })
  return addHazards(setting, {
    seed,
    keys,
    steps,
    outages: outages(stores, random, operations / clients),
    hotKeys: [],
    counters: [],
    jumps: [],
    stalls: [],
    restarts: [],
    slice: 2048,
    throwRate: 0,
    thorough: false
  })
}

const some = (keys: ReadonlyArray<string>, random: Seeded): ReadonlyArray<string> => {
  const from = random.integer(0, keys.length - 1)
  const count = random.integer(1, keys.length)
  return Array.from({ length: count }, (_, i) => keys[(from + i) % keys.length]!)
}

/** Outages one after the other, so that at most one store is down at a time. */
const outages = (stores: ReadonlyArray<string>, random: Seeded, length: number): ReadonlyArray<Outage> => {
  const all: Array<Outage> = []
  if (stores.length === 0 || random.chance(0.3)) return all
  let from = random.integer(0, 1000)
  while (from < length * 200 && all.length < 10) {
    const to = from + random.integer(100, 3000)
    all.push({ store: random.pick(stores), from, to, stall: random.chance(0.3) })
    from = to + random.integer(200, 6000)
  }
  return all
}
