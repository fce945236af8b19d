import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import { LogLevels } from "../../Health.ts"
import * as KeyValue from "../../KeyValue.ts"
import { groupBy } from "../../platform/groupBy.ts"
import * as Chaos from "../Chaos.ts"
import type { Services } from "./Client.ts"
import { Clients } from "./Clients.ts"
import { type Faulty, faulty } from "./faulty.ts"
import type { Held, History } from "./History.ts"
import { Lifetimes } from "./Lifetimes.ts"
import { Passing } from "./Passing.ts"
import { type Outage, type Plan, type Step, stepOf } from "./Plan.ts"
import { identify } from "./perform.ts"
import { Seeded } from "./Seeded.ts"
import { Activity, Stores } from "./Stores.ts"
import { type Throwing, Thrown } from "./Thrown.ts"
import { SteppingScheduler, Tasks, VirtualClock } from "./VirtualTime.ts"

/** The stack that is simulated. Times are in milliseconds. */
export interface Subject<E = never> {
  readonly stack: (faulty: Faulty, throwing: Throwing) => Layer.Layer<KeyValue.KeyValue, E>
  readonly patience: number
  /** How long after the last operation and the last fault the stack must have recovered. */
  readonly recovery: number
  /** Whether all stores are empty when the stack is built again. */
  readonly fresh: boolean
  /** The names of stores that must hold the same entries at the end. */
  readonly alike: ReadonlyArray<string>
}

/** The result of a run. */
export interface Run {
  readonly history: History
  /** How many fibers still run after the stack was closed. */
  readonly leakedFibers: number
  readonly faults: Readonly<Record<Chaos.Kind, number>>
}

/** Runs a plan in virtual time. Fails when the stack cannot be built. */
export const run = <E>(subject: Subject<E>, plan: Plan): Effect.Effect<Run, E> =>
  Effect.suspend(() => {
    const tasks = new Tasks()
    const fibers = new Fibers()
    const clock = new VirtualClock(plan.jumps, tasks)
    const scheduler = new SteppingScheduler(tasks, plan.slice)
    return simulate(subject, plan, { clock, scheduler, tasks, fibers }).pipe(
      Effect.provideService(Clock.Clock, clock),
      Effect.provideService(LogLevels, { up: "None", degraded: "None", down: "None" }),
      Effect.provideService(Metric.FiberRuntimeMetrics, fibers),
      Effect.provideService(Random.Random, new Seeded(plan.seed, -2)),
      Effect.provideService(Scheduler.Scheduler, scheduler)
    )
  })

/** Counts all fibers that have started and not ended. */
class Fibers implements Metric.FiberRuntimeMetricsService {
  live = 0
  recordFiberStart = (): void => {
    this.live++
  }
  recordFiberEnd = (): void => {
    this.live--
  }
}

interface Machinery {
  readonly clock: VirtualClock
  readonly scheduler: SteppingScheduler
  readonly tasks: Tasks
  readonly fibers: Fibers
}

const simulate = Effect.fnUntraced(function* <E>(
  subject: Subject<E>,
  plan: Plan,
  { clock, scheduler, tasks, fibers }: Machinery
): Effect.fn.Return<Run, E> {
  const passing = new Passing(clock, tasks)
  const { now } = passing
  const liveBefore = fibers.live
  const outer = yield* Scope.make()
  const stores = new Stores(outer)
  const activity = new Activity(() => clock.now)
  const restarts = plan.restarts.length > 0
  const layer = subject.stack(
    faulty({ order: { now }, outages: plan.outages, stores, activity, restarts }),
    throwing(plan)
  )
  const lives = yield* Lifetimes.begin({ layer, stores, passing, fresh: subject.fresh })
  yield* stores.switchFaults(true)
  for (const { at, millis } of plan.stalls) passing.plan(at, clock.stall(millis))
  for (const { at, pause } of plan.restarts) passing.plan(at, lives.restart(pause))

  const clients = new Clients({ lives, passing, scheduler, activity, seed: plan.seed, patience: subject.patience })
  const main = yield* Effect.forEach(byClient(plan.steps), (steps) => clients.start(steps))
  yield* passing.waitFor(main)
  yield* passing.advanceTo(Math.max(lastEnd(plan.outages), clock.now))
  yield* passing.runEvents
  yield* stores.switchFaults(false)
  yield* passing.advanceTo(clock.now + subject.recovery)
  const contents = yield* contentsOf(stores, subject.alike, plan.keys)
  yield* passing.waitFor([yield* clients.start(finalSteps(plan))])
  const health = yield* healthOf(lives)
  yield* lives.end
  yield* Scope.close(outer, Exit.void)
  yield* passing.advanceTo(clock.now + 60_000)

  const injected = yield* stores.injected
  const sum = (kind: Chaos.Kind): number => injected.reduce((sum, counts) => sum + counts[kind], 0)
  const { keys, seed, outages, hotKeys, counters, jumps, stalls } = plan
  const { operations } = clients
  return {
    history: {
      seed,
      keys,
      outages,
      hotKeys,
      counters,
      jumps,
      stalls,
      reopenings: lives.reopenings,
      contents,
      operations,
      health
    },
    leakedFibers: Math.max(fibers.live - liveBefore, clock.asleep),
    faults: Object.fromEntries(Chaos.kinds.map((kind) => [kind, sum(kind)])) as Run["faults"]
  }
})

/**
 * The last state of the stack, if the stack has any. The names of its parts are left out: stores that behave alike have the
 * same history.
 */
const healthOf = ({ services: { health } }: { readonly services: Services }): Effect.Effect<History["health"]> =>
  health === undefined
    ? Effect.undefined
    : Effect.map(health.snapshot, ({ status, since, reason }) => ({ status, since, reason }))

const byClient = (steps: ReadonlyArray<Step>): ReadonlyArray<ReadonlyArray<Step>> => [
  ...groupBy(steps, ({ client }) => client).values()
]

const lastEnd = (outages: ReadonlyArray<Outage>): number => Math.max(0, ...outages.map(({ to }) => to))

const throwing = ({ seed, throwRate }: Plan): Throwing => {
  const random = new Seeded(seed, -3)
  return (callback) =>
    (...args) => {
      if (random.chance(throwRate)) throw new Thrown()
      return callback(...args)
    }
}

const contentsOf = Effect.fnUntraced(function* (
  stores: Stores,
  names: ReadonlyArray<string>,
  keys: ReadonlyArray<string>
) {
  const contents: Record<string, ReadonlyArray<Held>> = {}
  for (const name of names) {
    const values = yield* Effect.orDie(Context.get(stores.get(name)!, KeyValue.KeyValue).getMany(keys))
    contents[name] = values.map((value, i) => identify({ id: -1 }, keys[i]!, value))
  }
  return contents
})

/**
 * The steps after all faults have stopped. Every key is read twice: without its expiry, and with it. If the plan is
 * thorough, every key is then written, and read again.
 */
const finalSteps = ({ keys, hotKeys, counters, steps, thorough }: Plan): ReadonlyArray<Step> => {
  let id = steps.reduce((last, step) => Math.max(last, step.id + 1), 0)
  const step = (action: Step["action"], keys: ReadonlyArray<string>) => stepOf(id++, -1, action, keys, { calm: true })
  const each = (action: Step["action"]) => [...keys, ...hotKeys].map((key) => step(action, [key]))
  const counts = counters.map((key) => ({ ...step("increment", [key]), by: 0 }))
  const reads = [...each("get"), step("ttlMany", keys), ...counts]
  return thorough ? [...reads, ...each("put"), ...each("get")] : reads
}
