import * as Effect from "effect/Effect"
import { SingleFlight } from "../../concurrency/SingleFlight.ts"
import type { StoreUnavailableError } from "../../KeyValueError.ts"
import type { Value } from "../../Value.ts"
import { mapOperations, type Next } from "../around.ts"
import type { Call } from "../Call.ts"
import type { Driver } from "../Driver.ts"
import { describeId, idOf } from "../ids.ts"
import { layerClosed } from "../layerClosed.ts"

/** What the services over one driver have in common. */
export interface Served {
  /** The driver as applications reach it: its writes tell the loads, and when the layer is closed every operation fails. */
  readonly driver: Driver
  /** Loads of missing keys that are under way. */
  readonly loads: SingleFlight<Value, any>
  /** Keys that a caller looks for on its own, before it loads them. */
  readonly looks: Set<string>
  readonly isClosed: () => boolean
  readonly close: () => void
}

const all = new WeakMap<Driver, Served>()

/** Whether a driver has services already. */
export const isServed = (driver: Driver): boolean => all.has(driver)

/** What all services over a driver share, so that a write through one of them is known to a load through another. */
export const served = <D extends Driver>(driver: D): Served & { readonly driver: D } => {
  let own = all.get(driver)
  if (own === undefined) all.set(driver, (own = serve(driver)))
  return own as Served & { readonly driver: D }
}

const serve = (driver: Driver): Served => {
  let isClosed = false
  const loads = new SingleFlight<Value, any>({ describe: describeId })
  return {
    driver: mapOperations(
      driver,
      <C extends Call, A, E>(next: Next<C, A, E>): Next<C, A, E | StoreUnavailableError> =>
        (call) =>
          Effect.suspend((): Effect.Effect<A, E | StoreUnavailableError> => {
            if (isClosed) return Effect.fail(layerClosed(call.place))
            return mayDisturb(call) ? telling(loads, driver, call, next(call)) : next(call)
          })
    ),
    loads,
    looks: new Set(),
    isClosed: () => isClosed,
    close: () => {
      isClosed = true
      // Whoever comes now fails, in place of joining a load that is under way.
      loads.dropAll()
    }
  }
}

const mayDisturb = ({ _tag }: Call): boolean =>
  _tag === "put" || _tag === "delete" || _tag === "compareAndPut" || _tag === "clear"

/**
 * Runs a write and keeps loads from storing what is older than it.
 *
 * A load that begins during the write stores nothing over it either: where the driver has `compareAndPut`, by that; else
 * it is dropped when the write has ended.
 */
const telling = <A, E>(
  loads: SingleFlight<Value, any>,
  driver: Driver,
  call: Call,
  write: Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const drop = () => {
    if (loads.isIdle) return
    if ("keys" in call) for (const key of call.keys) loads.drop(idOf(call.collection, key))
    else loads.dropAll()
  }
  drop()
  return driver.atomic === undefined ? Effect.onExitPrimitive(write, () => drop() as undefined) : write
}
