import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Driver, Fallback, KeyValue, KeyValueError, Memory } from "../../../src/index.ts"
import { call } from "../../driver/recording.ts"
import { faulty, type Script, script } from "../../support/faults.ts"

export interface Store {
  /** The store itself, without its faults. */
  readonly kv: KeyValue.Service
  readonly driver: Driver.Driver
  /** The faults of calls through the layer. */
  readonly plan: Script
  readonly layer: Layer.Layer<
    Layer.Success<ReturnType<typeof Memory.layer>>,
    Layer.Error<ReturnType<typeof Memory.layer>>
  >
}

/** A memory store that outlives the layers built from it. */
export const store = Effect.map(Memory.make({}), (driver): Store => {
  const plan = script()
  const layer = Driver.layer(Effect.succeed(driver)).pipe(faulty(plan))
  return { kv: KeyValue.make(driver), driver, plan, layer }
})

/** A primary store, a fallback and a layer of both. Each time the layer is provided stands for a new process. */
export const setup = (recovery?: Fallback.Recovery) =>
  Effect.map(Effect.all({ primary: store, fallback: store }), ({ primary, fallback }) => {
    const layer = Layer.fresh(primary.layer.pipe(Fallback.wrap({ fallback: fallback.layer, recovery: recovery ?? {} })))
    return { primary, fallback, layer }
  })

export const journal = { collection: "__effect_kv_journal" }

type Fault = (call: Driver.Call) => Effect.Effect<never, KeyValueError.CommonError> | undefined

/** A wrapper that replaces the calls for which `fault` returns an effect. */
export const inPlace = (fault: Fault) =>
  Driver.wrapper(
    Driver.around(<C extends Driver.Call, A, E>(call: C, next: Driver.Next<C, A, E>) =>
      Effect.suspend((): Effect.Effect<A, E | KeyValueError.CommonError> => fault(call) ?? next(call))
    )
  )

export const names = (call: Driver.Call, key: string): boolean => "keys" in call && call.keys.includes(key)

export const unavailable = (call: Driver.Call, sent = false) =>
  Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "scripted", sent }))

/** The names of all slots of the journal in a fallback. */
export const slotsOf = ({ driver }: Store) =>
  Effect.map(driver.listing!.keys(call.keys(journal.collection, { pageSize: 1_000_000 })), ({ names }) => names)
