import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Driver, Fallback, KeyValue, Memory } from "../../../src/index.ts"
import { faulty, type Script, script } from "../../support/faults.ts"

export interface Store {
  /** The store as it is, past its faults. */
  readonly kv: KeyValue.Service
  readonly driver: Driver.Driver
  /** What goes wrong for those who go through the layer. */
  readonly plan: Script
  readonly layer: Layer.Layer<
    Layer.Success<ReturnType<typeof Memory.layer>>,
    Layer.Error<ReturnType<typeof Memory.layer>>
  >
}

/** A store in memory that outlives the layers that are made of it. */
export const store = Effect.map(Memory.make({}), (driver): Store => {
  const plan = script()
  const layer = Driver.layer(Effect.succeed(driver)).pipe(faulty(plan))
  return { kv: KeyValue.make(driver), driver, plan, layer }
})

/** A primary store and a fallback, and a layer of both: each time that it is provided, a process of its own. */
export const setup = (recovery?: Fallback.Recovery) =>
  Effect.map(Effect.all({ primary: store, fallback: store }), ({ primary, fallback }) => {
    const layer = Layer.fresh(primary.layer.pipe(Fallback.wrap({ fallback: fallback.layer, recovery: recovery ?? {} })))
    return { primary, fallback, layer }
  })

export const journal = { collection: "__effect_kv_journal" }
