import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import { shownName } from "../value/oneLine.ts"
import { bounded, familyOf } from "./labels.ts"

type Attributes = Readonly<Record<string, string>>

export const counterOf = (name: string, description: string, attributes: Attributes): Metric.Counter<number> =>
  Metric.counter(`effect_kv.${name}`, { description, attributes, incremental: true })

/** Makes the metrics of a wrapper, with the attributes of its store. */
export interface Meter {
  /** Returns the label of a collection. The metrics of this module and store have at most `max` different labels. */
  readonly label: (module: string, collection: string, max: number) => string
  /** Registers a counter, and returns a function that increments it. Default: by 1. */
  readonly counter: (name: string, description: string, attributes?: Attributes) => (count?: number) => void
  /** Registers a gauge. It is read when metrics are collected, and removed when the layer is closed. */
  readonly gauge: (name: string, description: string, attributes: Attributes, read: () => number) => void
}

/** Returns a function that makes the meter of a wrapper. It takes the driver, which says what kind of store it is. */
export const meterOf = (
  store: string | undefined
): Effect.Effect<(driver: { readonly system: string }) => Meter, never, Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const registrations: Array<Metric.Registration> = []
    yield* Effect.addFinalizer(() => Effect.sync(() => registrations.forEach((it) => void it.remove())))
    return ({ system }) => {
      const common = { "db.system.name": system, ...(store !== undefined && { "db.namespace": store }) }
      return {
        label: (module, collection, max) => {
          const registry = Context.get(context, Metric.MetricRegistry)
          return bounded(registry, familyOf(module, system, store), shownName(collection), max)
        },
        counter: (name, description, attributes) => {
          const counter = counterOf(name, description, { ...common, ...attributes })
          // Without a sample at 0, monitoring systems that compute rates would not see the first event.
          counter.valueUnsafe(context)
          return (count = 1) => counter.updateUnsafe(count, context)
        },
        gauge: (name, description, attributes, read) =>
          void registrations.push(register(context, name, description, { ...common, ...attributes }, read))
      }
    }
  })

const register = (
  context: Context.Context<never>,
  name: string,
  description: string,
  attributes: Attributes,
  read: () => number
): Metric.Registration =>
  Metric.registerUnsafe(Metric.gauge(`effect_kv.${name}`, { description, attributes }), context, {
    get: () => ({ value: read() }),
    update: constVoid,
    modify: constVoid
  })
