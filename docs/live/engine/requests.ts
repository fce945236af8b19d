import { Cause, Context, Effect, Exit, Option } from "effect"
import type { KeyValue, KeyValueError } from "effect-kv"
import type { Outcome, Request, Scenario } from "../model.ts"
import { nameOf } from "./building.ts"
import type { Arrival } from "./load.ts"
import { percentile } from "./measure.ts"
import type { Product } from "./products.ts"
import { Asking, CurrentAsking, type Recorder } from "./recorder.ts"
import { originMillis } from "./store.ts"
import type { Versions } from "./versions.ts"
import type { VirtualTime } from "./virtualTime.ts"

interface Setting {
  readonly scenario: Scenario
  readonly time: VirtualTime
  readonly context: Context.Context<never>
  readonly kv: KeyValue.Service
  readonly recorder: Recorder
  readonly versions: Versions
  readonly product: (key: number, version: number) => Product
  /** The index of the origin in the layers. */
  readonly originAt: number
  readonly layers: number
}

type Mutable = { -readonly [K in keyof Request]: Request[K] }

/** Requests since some moment. */
interface Ended {
  readonly outcomes: Record<Outcome, number>
  readonly latencies: Array<number>
}

/** Starts requests, and notes how they end. */
export class Requests {
  readonly all: Array<Mutable> = []
  inFlight = 0
  succeeded = 0
  unknownWrites = 0
  staleReads = 0
  readonly failed: Record<Outcome, number> = {}
  readonly latencies: Array<number> = []
  private recent: Ended = { outcomes: {}, latencies: [] }
  private readonly setting: Setting

  constructor(setting: Setting) {
    this.setting = setting
  }

  start({ write, key }: Arrival): void {
    const { time, versions, context, layers } = this.setting
    const id = this.all.length
    const asking = new Asking(id, layers)
    const name = nameOf(key)
    const request: Mutable = {
      id,
      start: time.now,
      end: undefined,
      write,
      key: name,
      applied: undefined,
      outcome: undefined,
      stale: false
    }
    this.all.push(request)
    this.inFlight++
    const acknowledged = versions.acknowledged(name)
    const program = write ? this.put(asking, name, key) : this.read(asking, name, key)
    const fiber = Effect.runForkWith(Context.add(context, CurrentAsking, asking))(program)
    fiber.addObserver((exit) => this.end(request, asking, acknowledged, exit))
    time.runTasks()
  }

  /** Returns the requests that ended since the last call. */
  takeRecent(): Ended {
    const { recent } = this
    this.recent = { outcomes: {}, latencies: [] }
    return recent
  }

  get percentiles(): { readonly p50: number; readonly p99: number } {
    return { p50: percentile(this.latencies, 0.5) ?? 0, p99: percentile(this.latencies, 0.99) ?? 0 }
  }

  private put(asking: Asking, name: string, key: number): Effect.Effect<unknown, KeyValueError.WriteError> {
    const { kv, product, scenario } = this.setting
    return kv.put(name, product(key, asking.version), ttlOf(scenario))
  }

  private read(asking: Asking, name: string, key: number): Effect.Effect<unknown, KeyValueError.KeyValueError> {
    const { kv, scenario } = this.setting
    const ttl = ttlOf(scenario)
    switch (scenario.load.reads) {
      case "get":
        return kv.get(name)
      case "getOrSet":
        return kv.getOrSet(name, this.load(asking, key), ttl)
      case "get-then-load":
        return Effect.flatMap(
          kv.get(name),
          (value): Effect.Effect<unknown, KeyValueError.WriteError> =>
            value === undefined
              ? Effect.tap(this.load(asking, key), (loaded) => kv.put(name, loaded, ttl))
              : Effect.succeed(value)
        )
    }
  }

  /** Loads a value from the origin. */
  private load(asking: Asking, key: number): Effect.Effect<Product> {
    const { scenario, time, recorder, versions, product, originAt } = this.setting
    const loading = Effect.map(time.sleepMillis(originMillis(scenario, asking.id)), () => {
      versions.load(asking)
      return product(key, asking.version)
    })
    return recorder.around(originAt, undefined, loading)
  }

  private end(request: Mutable, asking: Asking, acknowledged: number, exit: Exit.Exit<unknown, unknown>): void {
    const { time, recorder, versions } = this.setting
    if (!recorder.isOn) return
    this.inFlight--
    request.end = time.now
    const outcome = this.noteOutcome(request, exit)
    request.outcome = outcome
    this.recent.outcomes[outcome] = (this.recent.outcomes[outcome] ?? 0) + 1
    // A difference of two times that are exact to a microsecond is not.
    const latency = Math.round((request.end - request.start) * 1000) / 1000
    this.recent.latencies.push(latency)
    this.latencies.push(latency)
    if (request.applied === "unknown") this.unknownWrites++
    if (request.applied === "applied") versions.acknowledge(request.key, asking)
    if (!request.write && outcome === "ok") {
      request.stale = versions.orderOf((exit as Exit.Success<Product>).value.version) < acknowledged
      if (request.stale) this.staleReads++
    }
  }

  private noteOutcome(request: Mutable, exit: Exit.Exit<unknown, unknown>): Outcome {
    if (Exit.isSuccess(exit)) {
      this.succeeded++
      if (request.write) request.applied = "applied"
      return !request.write && exit.value === undefined ? "miss" : "ok"
    }
    const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause)) as KeyValueError.KeyValueError | undefined
    const outcome = error?._tag ?? "defect"
    this.failed[outcome] = (this.failed[outcome] ?? 0) + 1
    if (request.write) {
      request.applied = (error !== undefined && "outcome" in error ? error.outcome : undefined) ?? "unknown"
    }
    return outcome
  }
}

const ttlOf = ({ load: { ttl } }: Scenario): { readonly ttl?: number } => (ttl > 0 ? { ttl: ttl * 1000 } : {})
