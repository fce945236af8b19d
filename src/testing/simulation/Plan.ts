import type { Operation } from "../../KeyValueError.ts"
import { addHazards } from "./hazardous.ts"
import type { Hazard } from "./hazards.ts"
import { Seeded } from "./Seeded.ts"
import type { Jump } from "./wall.ts"

/** What a client does with a store. */
export type Action = Exclude<Operation, "rotate" | "collections" | "clear"> | "getOrSet"

/** What the loader of a `getOrSet` does. */
export interface Load {
  readonly pause: number
  readonly result: "value" | "fails" | "throws"
}

/** When the caller of an operation is interrupted, unless it has ended by then. */
export type Interruption =
  | { readonly _tag: "steps"; readonly steps: number }
  | { readonly _tag: "millis"; readonly millis: number }

/** One operation of one client. Times are virtual milliseconds. */
export interface Step {
  readonly id: number
  readonly client: number
  readonly action: Action
  readonly keys: ReadonlyArray<string>
  /** How long the client waits before. */
  readonly pause: number
  /** When it is done, if that is known: what it did in an earlier run, so that others can be left out. */
  readonly at: number | undefined
  /** The TTL of what is written. */
  readonly ttl: number | undefined
  /** Whether the values are large. */
  readonly large: boolean
  /** Whether it is spared from faults, but for outages. */
  readonly calm: boolean
  readonly load?: Load | undefined
  readonly interruption?: Interruption | undefined
  /** The budget of `Deadline.within` around it. It ends in a quarter of a millisecond, to be told from other limits. */
  readonly budget?: number | undefined
  /** Whether the function of an update throws. */
  readonly throws?: boolean | undefined
}

/** The event loop is blocked for so many milliseconds. */
export interface Stall {
  readonly at: number
  readonly millis: number
}

/** The layer is closed, and built again so many milliseconds later. */
export interface Restart {
  readonly at: number
  readonly pause: number
}

/** A time in which a store is down. */
export interface Outage {
  readonly store: string
  readonly from: number
  readonly to: number
  /** Whether calls get no answer, or are refused. */
  readonly stall: boolean
}

/** All that is done in a run, as data. The faults of each operation follow from the seed and its id. */
export interface Plan {
  readonly seed: number
  readonly keys: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Step>
  readonly outages: ReadonlyArray<Outage>
  /** Keys that many want at once. They are not among `keys`. */
  readonly hotKeys: ReadonlyArray<string>
  readonly jumps: ReadonlyArray<Jump>
  readonly stalls: ReadonlyArray<Stall>
  readonly restarts: ReadonlyArray<Restart>
  /** After how many steps fibers yield. */
  readonly slice: number
  /** How many of the calls of predicates throw. */
  readonly throwRate: number
  /** Whether every key is written again in the end. */
  readonly thorough: boolean
}

/** What a plan is made for. */
export interface Setting {
  readonly seed: number
  readonly operations: number
  readonly clients: number
  readonly keys: number
  /** Whether the stack is `Atomic`. */
  readonly atomic: boolean
  /** Whether it can list keys, and remove expired entries. */
  readonly lists: boolean
  readonly removes: boolean
  /** The stores that may be down, one at a time. */
  readonly stores: ReadonlyArray<string>
  readonly hazards: ReadonlySet<Hazard>
}

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

export const make = (setting: Setting): Plan => {
  const { seed, operations, clients, keys: count, atomic, stores } = setting
  const random = new Seeded(seed, -1)
  const keys = Array.from({ length: count }, (_, i) => `k${i}`)
  const actions = atomic ? [...weights, ...atomicWeights] : weights
  const sum = actions.reduce((sum, [, weight]) => sum + weight, 0)
  const action = (): Action => {
    let left = random.nextDoubleUnsafe() * sum
    return (actions.find(([, weight]) => (left -= weight) < 0) ?? actions[0]!)[0]
  }
  /** Often hardly any time, so that operations meet; at times so much that something else can come to its end. */
  const pause = (): number => (random.chance(0.5) ? random.integer(0, 10) : random.integer(0, 600))
  const steps = Array.from({ length: operations }, (_, id): Step => {
    const step = action()
    return {
      id,
      client: id % clients,
      action: step,
      keys: step.endsWith("Many")
        ? some(keys, random)
        : [keys[Math.floor(random.nextDoubleUnsafe() ** 2 * keys.length)]!],
      pause: pause(),
      at: undefined,
      ttl: /^(put|update)/.test(step) && random.chance(0.3) ? random.integer(20, 4000) : undefined,
      large: random.chance(0.1),
      calm: false
    }
  })
  return addHazards(setting, {
    seed,
    keys,
    steps,
    outages: outages(stores, random, operations / clients),
    hotKeys: [],
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

/** One after the other, from one in ten operations of a client on. */
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
