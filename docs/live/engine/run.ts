import { Clock, Context, Effect, Exit, Layer, Logger, Metric, Random, Scheduler, Scope } from "effect"
import { Driver, Health, KeyValue, Memory } from "effect-kv"
import type { Circuit, Outcome, Request, Run, Sample, Scenario, Summary } from "../model.ts"
import { advice } from "./advice.ts"
import { arrivalsOf } from "./load.ts"
import { percentile } from "./measure.ts"
import { recommended } from "./order.ts"
import { productsOf } from "./products.ts"
import { randomService, Seeded } from "./random.ts"
import { Asking, CurrentAsking, Recorder } from "./recorder.ts"
import { onlyCodecs, placesOf, probed, type Stack } from "./stack.ts"
import { before, filled, nearby, originMillis, remote } from "./store.ts"
import { VirtualTime } from "./virtualTime.ts"

/** The distance of samples in milliseconds. */
export const sampleMillis = 250

/**
 * Runs a scenario: the wrappers of effect-kv around a store with faults, in virtual time. The same scenario always gives
 * the same run.
 */
export const run = (scenario: Scenario): Run => {
  const stack = recommended(scenario.stack)
  const isRecommended = stack.every((wrapper, i) => wrapper === scenario.stack[i])
  return {
    ...simulate(scenario, true),
    advice: advice(scenario.stack),
    recommended: isRecommended ? undefined : { stack, summary: simulate({ ...scenario, stack }, false).summary }
  }
}

/** A request while it runs, and afterwards. */
interface Mutable {
  -readonly [K in keyof Request]: Request[K]
}

const simulate = (scenario: Scenario, withSteps: boolean): Omit<Run, "advice" | "recommended"> => {
  const { seed, seconds, load } = scenario
  const time = new VirtualTime()
  const layers = placesOf(scenario)
  const recorder = new Recorder(time, layers.length, withSteps)
  const storeAt = layers.findIndex(({ kind }) => kind === "store")
  const originAt = layers.findIndex(({ kind }) => kind === "origin")
  const product = productsOf(seed)
  const ttl = load.ttl > 0 ? { ttl: load.ttl * 1000 } : {}

  const context: Context.Context<never> = Context.empty().pipe(
    Context.add(Clock.Clock, time),
    Context.add(Scheduler.Scheduler, time.scheduler),
    Context.add(Random.Random, randomService(new Seeded(seed, 3))),
    Context.add(Metric.MetricRegistry, new Map()),
    Context.add(Logger.CurrentLoggers, new Set<Logger.Logger<unknown, any>>())
  ) as Context.Context<any>

  /** Runs an effect that may wait, before the run begins. */
  const perform = <A, E>(effect: Effect.Effect<A, E>): A => {
    const fiber = Effect.runForkWith(context)(effect)
    time.runTasks()
    for (let i = 0; i < 1000 && fiber.pollUnsafe() === undefined; i++) time.advanceTo(time.now + 100)
    const exit = fiber.pollUnsafe()
    if (exit === undefined) throw new Error("the stack could not be built in time")
    if (Exit.isFailure(exit)) throw new Error(`the stack could not be built: ${String(exit.cause)}`)
    return exit.value
  }

  // The stack, and the codecs alone, which share one store.
  const memory = Memory.layer()
  const scope = perform(Scope.make())
  const memoMap = Layer.makeMemoMapUnsafe()
  const build = (stack: Stack) => perform(Layer.buildWithMemoMap(stack, memoMap, scope))
  const isOn = () => recorder.isOn
  const codecs = Context.get(build(onlyCodecs(memory, scenario)), KeyValue.KeyValue)
  const bare = Context.get(build(memory), KeyValue.KeyValue)
  const clockBefore = before(time)
  const fill = (name: string) =>
    Effect.provideService(
      Effect.orDie(codecs.put(name, product(numberOf(name), 0))),
      Clock.Clock,
      clockBefore
    )
  const store = load.reads === "get" ? memory.pipe(filled(fill)) : memory
  const applied = (): Driver.Wrapper =>
    Driver.wrapper(
      Driver.around((call, next) =>
        Driver.isWrite(call)
          ? Effect.withFiber((fiber) => {
              const asking = fiber.getRef(CurrentAsking)
              return Effect.onExitPrimitive(Effect.suspend(() => next(call)), (exit) => {
                if (asking !== undefined && Exit.isSuccess(exit)) versions.apply(asking)
                return undefined
              })
            })
          : next(call)
      )
    )
  const versions = new Versions()
  const services = build(
    probed(store.pipe(applied(), remote(scenario, time, isOn)), scenario, layers, recorder, () =>
      Memory.layer().pipe(applied(), nearby(scenario, time, isOn))
    )
  )
  const kv = Context.get(services, KeyValue.KeyValue)

  // What caches and circuits do.
  const cacheAt = layers.findIndex(({ name }) => name === "PassthroughCache")
  let cached = { hits: 0, reads: 0 }
  const cacheTotal = { hits: 0, reads: 0 }
  if (cacheAt !== -1) {
    recorder.describe[cacheAt] = (outcome, asking, took) => {
      const inner = asking.left[cacheAt + 1]
      asking.left[cacheAt + 1] = undefined
      const isHit = outcome === "ok" && took === 0
      const isStale = outcome === "ok" && !isHit && inner !== undefined && !isAnswer(inner)
      cached.reads++
      if (isHit || isStale) cached.hits++
      return isHit ? "hit" : isStale ? "stale" : outcome
    }
  }
  const circuit: Array<Run["circuit"][number]> = []

  // The requests.
  const requests: Array<Mutable> = []
  let ended: Record<Outcome, number> = {}
  let latencies: Array<number> = []
  const allLatencies: Array<number> = []
  let inFlight = 0
  let succeeded = 0
  let unknownWrites = 0
  let staleReads = 0
  const failed: Record<Outcome, number> = {}

  const origin = (asking: Asking, key: number): Effect.Effect<Driver.Entry extends never ? never : any> =>
    recorder.around(
      originAt,
      false,
      Effect.map(time.sleepMillis(originMillis(scenario, asking.id)), () => {
        versions.load(asking)
        return product(key, asking.version)
      })
    )

  const programOf = (asking: Asking, write: boolean, key: number): Effect.Effect<unknown, unknown> => {
    const name = nameOf(key)
    if (write) return kv.put(name, product(key, asking.version), ttl)
    switch (load.reads) {
      case "get":
        return kv.get(name)
      case "getOrSet":
        return kv.getOrSet(name, origin(asking, key), ttl)
      case "get-then-load":
        return Effect.flatMap(kv.get(name), (value) =>
          value !== undefined
            ? Effect.succeed(value)
            : Effect.flatMap(origin(asking, key), (loaded) => Effect.as(kv.put(name, loaded, ttl), loaded))
        )
    }
  }

  const end = (request: Mutable, asking: Asking, ackedBefore: number, exit: Exit.Exit<any, any>): void => {
    if (!recorder.isOn) return
    inFlight--
    request.end = time.now
    const outcome = outcomeOfRequest(exit)
    request.outcome = outcome
    const took = request.end - request.start
    latencies.push(took)
    allLatencies.push(took)
    ended[outcome] = (ended[outcome] ?? 0) + 1
    if (Exit.isFailure(exit)) failed[outcome] = (failed[outcome] ?? 0) + 1
    else succeeded++
    if (request.write) {
      request.applied = Exit.isSuccess(exit) ? "applied" : (errorOf(exit)?.outcome ?? "unknown")
      if (request.applied === "unknown") unknownWrites++
      if (request.applied === "applied") versions.acknowledge(request.key, asking)
    } else if (Exit.isSuccess(exit) && exit.value !== undefined) {
      request.stale = versions.orderOf(exit.value.version) < ackedBefore
      if (request.stale) staleReads++
    }
  }

  const start = (id: number, write: boolean, key: number): void => {
    const asking = new Asking(id, layers.length)
    const request: Mutable = {
      id,
      start: time.now,
      end: undefined,
      write,
      key: nameOf(key),
      applied: undefined,
      outcome: undefined,
      stale: false
    }
    requests.push(request)
    inFlight++
    const ackedBefore = versions.acknowledged(request.key)
    const fiber = Effect.runForkWith(Context.add(context, CurrentAsking, asking))(programOf(asking, write, key))
    fiber.addObserver((exit) => end(request, asking, ackedBefore, exit))
    time.runTasks()
  }

  // The samples.
  const samples: Array<Sample> = []
  const retriesAt = layers.flatMap(({ name }, i) => (name === "Retry" ? [i] : []))
  const hedgesAt = layers.flatMap(({ name }, i) => (name === "Hedge" ? [i] : []))
  const bulkheadsAt = layers.flatMap(({ name }, i) => (name === "Bulkhead" ? [i] : []))
  const further = (places: ReadonlyArray<number>) =>
    places.reduce((sum, i) => sum + recorder.entered[i + 1]! - recorder.entered[i]!, 0)
  let storeCallsBefore = 0
  let retriesBefore = 0
  const sample = (at: number): void => {
    const storeCalls = recorder.entered[storeAt]!
    const retries = further(retriesAt)
    samples.push({
      time: at,
      ended,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      storeCalls: storeCalls - storeCallsBefore,
      hitRate: cached.reads === 0 ? undefined : cached.hits / cached.reads,
      retries: retries - retriesBefore,
      queue: bulkheadsAt.reduce((sum, i) => sum + recorder.inside[i]! - recorder.inside[i + 1]!, 0),
      inFlight,
      circuit: circuitNow()
    })
    ended = {}
    latencies = []
    cacheTotal.hits += cached.hits
    cacheTotal.reads += cached.reads
    cached = { hits: 0, reads: 0 }
    storeCallsBefore = storeCalls
    retriesBefore = retries
  }
  const circuitNow = (): Circuit | undefined => undefined

  // The run.
  time.begin()
  recorder.isOn = true
  const arrivals = arrivalsOf(scenario)
  let next = 0
  for (let at = sampleMillis; at <= seconds * 1000; at += sampleMillis) {
    for (; next < arrivals.length && arrivals[next]!.at <= at; next++) {
      const { at: arrival, write, key } = arrivals[next]!
      time.advanceTo(arrival)
      start(next, write, key)
    }
    time.advanceTo(at)
    sample(at)
  }
  recorder.isOn = false

  const retries = further(retriesAt)
  const summary: Summary = {
    requests: requests.length,
    succeeded,
    failed,
    p50: percentile(allLatencies, 0.5) ?? 0,
    p99: percentile(allLatencies, 0.99) ?? 0,
    storeCalls: recorder.entered[storeAt]!,
    loads: originAt === -1 ? 0 : recorder.entered[originAt]!,
    hitRate: cacheTotal.reads === 0 ? undefined : cacheTotal.hits / cacheTotal.reads,
    retries,
    hedges: further(hedgesAt),
    unknownWrites,
    staleReads,
    storedBytes: storedBytes(bare.driver, requests, perform)
  }
  void Health
  const closing = Effect.runForkWith(context)(Scope.close(scope, Exit.void))
  time.runTasks()
  void closing
  return { scenario, layers, steps: recorder.steps?.finish() ?? noSteps, requests, samples, circuit, summary }
}

const noSteps: Run["steps"] = {
  length: 0,
  time: new Float64Array(),
  request: new Int32Array(),
  layer: new Uint8Array(),
  attempt: new Uint16Array(),
  outcome: new Uint8Array(),
  outcomes: []
}

const nameOf = (key: number): string => `product:${key}`
const numberOf = (name: string): number => Number(name.slice("product:".length))

const isAnswer = (outcome: Outcome): boolean => outcome === "ok" || outcome === "miss"

const errorOf = (exit: Exit.Exit<unknown, any>): { readonly _tag: string; readonly outcome?: any } | undefined =>
  Exit.isFailure(exit) ? exit.cause.reasons.flatMap((reason) => ("error" in reason ? [reason.error] : []))[0] : undefined

const outcomeOfRequest = (exit: Exit.Exit<unknown, any>): Outcome =>
  Exit.isSuccess(exit) ? (exit.value === undefined ? "ok" : "ok") : (errorOf(exit)?._tag ?? "defect")

/** The number of bytes of all values that the requests may have used. */
const storedBytes = (
  driver: Driver.Driver,
  requests: ReadonlyArray<Request>,
  perform: <A, E>(effect: Effect.Effect<A, E>) => A
): number => {
  const keys = [...new Set(requests.map(({ key }) => key))]
  const entries = perform(
    driver.get(
      Driver.Calls.get({ operation: "getMany", collection: driver.defaultCollection, keys } as any, {})
    )
  )
  return entries.reduce((sum, entry) => sum + (entry?.payload.size ?? 0), 0)
}

/** In which order versions of values were applied, to tell whether a value is stale. */
class Versions {
  private count = 0
  private readonly orders = new Map<number, number>()
  private readonly byKey = new Map<string, number>()
  private readonly loaded = new Set<number>()

  /** A write of a request has changed the store. */
  apply({ version }: Asking): void {
    if (!this.loaded.has(version)) this.orders.set(version, ++this.count)
  }

  /** A loaded value is newer than all writes until now, and older than all later ones. */
  load({ version }: Asking): void {
    this.loaded.add(version)
    this.orders.set(version, this.count + 0.5)
  }

  acknowledge(key: string, { version }: Asking): void {
    this.byKey.set(key, Math.max(this.acknowledged(key), this.orderOf(version)))
  }

  /** The order of the last write of a key that was acknowledged. */
  acknowledged(key: string): number {
    return this.byKey.get(key) ?? 0
  }

  orderOf(version: number): number {
    return this.orders.get(version) ?? 0
  }
}
