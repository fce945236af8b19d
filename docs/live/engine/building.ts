import { Clock, Context, Effect, Exit, Layer, Logger, Metric, Random, Scheduler, Scope } from "effect"
import { Driver, KeyValue, Memory } from "effect-kv"
import type { Layer as Place, Run, Scenario } from "../model.ts"
import type { Product } from "./products.ts"
import { randomService, Seeded } from "./random.ts"
import { CurrentAsking, type Recorder } from "./recorder.ts"
import { onlyCodecs, probed, type Stack } from "./stack.ts"
import { earlier, filled, nearby, remote } from "./store.ts"
import type { Versions } from "./versions.ts"
import type { VirtualTime } from "./virtualTime.ts"

/** The services of all fibers of a run. */
export const contextOf = (time: VirtualTime, seed: number): Context.Context<never> =>
  Context.empty().pipe(
    Context.add(Clock.Clock, time),
    Context.add(Scheduler.Scheduler, time.scheduler),
    Context.add(Random.Random, randomService(new Seeded(seed, 3))),
    Context.add(Metric.MetricRegistry, new Map()),
    Context.add(Logger.CurrentLoggers, new Set<Logger.Logger<unknown, any>>())
  ) as Context.Context<never>

/** How long building may take, in milliseconds of virtual time. */
const patience = 60_000

/** Runs an effect outside of the run, while its time stands still or does not matter. */
const perform = <A, E>(context: Context.Context<never>, time: VirtualTime, effect: Effect.Effect<A, E>): A => {
  const fiber = Effect.runForkWith(context)(effect)
  time.runTasks()
  const end = time.now + patience
  while (fiber.pollUnsafe() === undefined && time.now < end) time.advanceTo(time.now + 100)
  const exit = fiber.pollUnsafe()
  if (exit !== undefined && Exit.isSuccess(exit)) return exit.value
  throw new Error(`cannot be performed: ${exit === undefined ? "it does not end" : String(exit.cause)}`)
}

interface Setting {
  readonly scenario: Scenario
  readonly time: VirtualTime
  readonly context: Context.Context<never>
  readonly places: ReadonlyArray<Place>
  readonly recorder: Recorder
  readonly versions: Versions
  readonly product: (key: number, version: number) => Product
}

export interface Built {
  readonly kv: KeyValue.Service
  /** The circuits of the stack, by the index of their wrapper. */
  readonly circuits: ReadonlyArray<Circuit>
  /** Returns the number of bytes of the values of keys in the store. */
  readonly storedBytes: (keys: ReadonlyArray<string>) => number
  readonly close: () => void
}

export type CircuitState = Run["circuit"][number]["state"]

export interface Circuit {
  readonly wrapper: number
  readonly state: () => CircuitState
  readonly listen: (listener: () => void) => void
}

/** Builds the stack of a scenario. */
export const build = (setting: Setting): Built => {
  const { scenario, time, context, places, recorder, versions, product } = setting
  const run = <A, E>(effect: Effect.Effect<A, E>): A => perform(context, time, effect)
  const scope = run(Scope.make())
  const memoMap = Layer.makeMemoMapUnsafe()
  const service = (stack: Stack) => Context.get(run(Layer.buildWithMemoMap(stack, memoMap, scope)), KeyValue.KeyValue)

  const isOn = () => recorder.isOn
  const memory = Memory.layer()
  const bare = service(memory)
  // The store is filled without the policies of the stack, and as if it had been filled long ago.
  const codecs = service(onlyCodecs(memory, scenario))
  const clock = earlier(time)
  const fill = (name: string) =>
    Effect.provideService(Effect.orDie(codecs.put(name, product(keyOf(name), 0))), Clock.Clock, clock)
  const store = scenario.load.reads === "get" ? memory.pipe(filled(fill)) : memory
  const circuits: Array<Circuit> = []
  const kv = service(
    probed(store.pipe(applying(versions), remote(scenario, time, isOn)), scenario, places, {
      probe: (place) => recorder.probe(place),
      second: () => Memory.layer().pipe(applying(versions), nearby(scenario, time, isOn)),
      onBuilt: (wrapper, { health }) => {
        if (scenario.stack[wrapper]!.name !== "CircuitBreaker" || health === undefined) return
        circuits.push({
          wrapper,
          state: () => (health.isUp ? "closed" : health.isDown ? "open" : "half-open"),
          listen: (listener) => health.listen(listener)
        })
      }
    })
  )
  return {
    kv,
    circuits,
    storedBytes: (keys) => {
      const place = { operation: "getMany", collection: bare.driver.defaultCollection, keys } as const
      const entries = run(bare.driver.get(Driver.Calls.get(place)))
      return entries.reduce((sum, entry) => sum + (entry?.payload.size ?? 0), 0)
    },
    close: () => {
      Effect.runForkWith(context)(Scope.close(scope, Exit.void))
      time.runTasks()
    }
  }
}

/** Notes the order in which writes are applied. */
const applying = (versions: Versions): Driver.Wrapper =>
  Driver.wrapper(
    Driver.around((call, next) => {
      if (!Driver.isWrite(call)) return next(call)
      return Effect.withFiber((fiber) => {
        const asking = fiber.getRef(CurrentAsking)
        if (asking === undefined) return next(call)
        return Effect.onExitPrimitive(next(call), (exit) => {
          if (Exit.isSuccess(exit) && exit.value !== false) versions.apply(asking)
          return undefined
        })
      })
    })
  )

export const nameOf = (key: number): string => `product:${key}`

const keyOf = (name: string): number => Number(name.slice("product:".length))
