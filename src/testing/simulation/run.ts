import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as Atomic from "../../Atomic.ts"
import * as KeyValue from "../../KeyValue.ts"
import * as Chaos from "../Chaos.ts"
import { type Faulty, faulty } from "./faulty.ts"
import type { History, Moment, Operation } from "./History.ts"
import type { Outage, Plan, Step } from "./Plan.ts"
import { type Client, Current, perform } from "./perform.ts"
import { Seeded } from "./Seeded.ts"

/** What is simulated. */
export interface Subject<E = never> {
  readonly stack: (faulty: Faulty) => Layer.Layer<KeyValue.KeyValue, E>
  readonly patience: number
  /** How long after the last operation and the last fault everything must have recovered. */
  readonly recovery: number
}

/** A run as it went. */
export interface Run {
  readonly history: History
  /** Fibers that are left when the stack is closed. */
  readonly leakedFibers: number
  readonly faults: Readonly<Record<Chaos.Kind, number>>
}

/** Runs a plan, in virtual time. Fails when the stack cannot be built. */
export const run = <E>(subject: Subject<E>, plan: Plan): Effect.Effect<Run, E> => {
  const fibers = new Fibers()
  return simulate(subject, plan, fibers).pipe(
    Effect.updateService(Clock.Clock, (clock) => inWholeMillis(clock, fibers)),
    Effect.provide(virtualTime, { local: true }),
    Effect.provideService(Metric.FiberRuntimeMetrics, fibers),
    Effect.provideService(Random.Random, new Seeded(plan.seed, -2)),
    Effect.provideService(Scheduler.Scheduler, new Scheduler.MixedScheduler("async", soon))
  )
}

/** Fibers are run before the event loop goes on: quicker, and nothing of the outside comes between. */
const soon = (f: () => void): (() => void) => {
  let cancelled = false
  queueMicrotask(() => cancelled || f())
  return () => {
    cancelled = true
  }
}

/** Without the warnings of a clock that waits for the real one. */
const virtualTime = TestClock.layer({ warningDelay: "1 hour" })

/** The same clock, on which nobody sleeps for a part of a millisecond: real ones do not show it. */
const inWholeMillis = (clock: Clock.Clock, fibers: Fibers): Clock.Clock => ({
  ...clock,
  sleep: (duration) =>
    Effect.acquireUseRelease(
      Effect.sync(() => void fibers.asleep++),
      () => clock.sleep(Duration.millis(Math.ceil(Duration.toMillis(duration)))),
      () => Effect.sync(() => void fibers.asleep--)
    )
})

/** Counts the fibers that have not ended, and those that sleep, whoever started them. */
class Fibers implements Metric.FiberRuntimeMetricsService {
  asleep = 0
  live = 0
  recordFiberStart = (): void => {
    this.live++
  }
  recordFiberEnd = (): void => {
    this.live--
  }
}

/** The order in which things happen. */
export class Order {
  /** How many things have happened. */
  count = 0
  private readonly clock: Clock.Clock

  constructor(clock: Clock.Clock) {
    this.clock = clock
  }

  now(): Moment {
    return { at: this.clock.currentTimeMillisUnsafe(), seq: this.count++ }
  }
}

const simulate = Effect.fnUntraced(function* <E>(
  subject: Subject<E>,
  plan: Plan,
  fibers: Fibers
): Effect.fn.Return<Run, E> {
  // The first adjustment is what keeps the test clock from waiting for one.
  yield* TestClock.adjust(0)
  const order = new Order(yield* Clock.Clock)
  const switches: Array<Chaos.Service> = []
  const liveBefore = fibers.live
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithMemoMap(
    subject.stack(faulty({ order, outages: plan.outages, onMade: (chaos) => switches.push(chaos) })),
    Layer.makeMemoMapUnsafe(),
    scope
  )
  const client = {
    kv: Context.get(context, KeyValue.KeyValue),
    atomic: Option.getOrUndefined(Context.getOption(context as Context.Context<any>, Atomic.Atomic)),
    patience: subject.patience
  }

  for (const chaos of switches) yield* chaos.enable
  const operations: Array<Operation> = []
  const clients = yield* Effect.forEach(byClient(plan.steps), (steps) =>
    Effect.forkDetach(
      Effect.forEach(steps, (step) => operate(client, plan.seed, order, operations, step), { discard: true })
    )
  )
  yield* passUntil(clients, order)
  yield* TestClock.adjust(Math.max(0, lastEnd(plan.outages) - order.now().at))
  for (const chaos of switches) yield* chaos.disable
  yield* TestClock.adjust(subject.recovery)
  const end = yield* Effect.forkDetach(
    Effect.forEach(atTheEnd(plan), (step) => operate(client, plan.seed, order, operations, step), { discard: true })
  )
  yield* passUntil([end], order)
  const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
  yield* passUntil([closing], order)
  yield* TestClock.adjust("1 minute")

  const injected = yield* Effect.forEach(switches, (chaos) => chaos.injected)
  const sum = (kind: Chaos.Kind): number => injected.reduce((sum, counts) => sum + counts[kind], 0)
  return {
    history: { seed: plan.seed, keys: plan.keys, outages: plan.outages, operations },
    leakedFibers: Math.max(fibers.live - liveBefore, fibers.asleep),
    faults: Object.fromEntries(Chaos.kinds.map((kind) => [kind, sum(kind)])) as Run["faults"]
  }
})

const byClient = (steps: ReadonlyArray<Step>): ReadonlyArray<ReadonlyArray<Step>> => [
  ...Map.groupBy(steps, ({ client }) => client).values()
]

const lastEnd = (outages: ReadonlyArray<Outage>): number => Math.max(0, ...outages.map(({ to }) => to))

/** Every key is read twice, when nothing goes wrong any more: with its expiry, and without. */
const atTheEnd = ({ keys, steps }: Plan): ReadonlyArray<Step> =>
  (["get", "ttlMany"] as const).flatMap((action, i) =>
    (action === "get" ? keys.map((key) => [key]) : [keys]).map((keys, j) => ({
      id: steps.length === 0 ? i + j : steps.at(-1)!.id + 1 + i * 1000 + j,
      client: -1,
      action,
      keys,
      pause: 0,
      at: undefined,
      ttl: undefined,
      large: false,
      calm: true
    }))
  )

const operate = Effect.fnUntraced(function* (
  client: Client,
  seed: number,
  order: Order,
  operations: Array<Operation>,
  step: Step
) {
  const pause = step.at === undefined ? step.pause : step.at - (yield* Clock.currentTimeMillis)
  if (pause > 0) yield* Effect.sleep(pause)
  const operation: Operation = {
    step,
    invoked: order.now(),
    completed: undefined,
    answer: undefined,
    attempts: [],
    applications: [],
    faults: [],
    expiredEarly: []
  }
  operations.push(operation)
  const performed = perform(client, operation).pipe(
    Effect.provideService(Random.Random, new Seeded(seed, step.id)),
    Effect.provideService(Current, operation)
  )
  operation.answer = yield* step.calm ? Chaos.spared(performed) : performed
  operation.completed = order.now()
})

/** Lets time pass until fibers have ended, or nothing has happened for five minutes: what takes longer hangs. */
const passUntil = Effect.fnUntraced(function* (fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>, order: Order) {
  let before = order.count
  for (let idle = 0; idle < 300; idle = order.count === before ? idle + 1 : 0) {
    if (fibers.every((fiber) => fiber.pollUnsafe() !== undefined)) return
    before = order.count
    yield* TestClock.adjust("1 second")
  }
})
