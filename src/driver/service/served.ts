import * as Effect from "effect/Effect"
import { SingleFlight } from "../../concurrency/SingleFlight.ts"
import type { StoreUnavailableError } from "../../KeyValueError.ts"
import { mapOperations, type Next } from "../around.ts"
import type { Call } from "../Call.ts"
import type { Driver } from "../Driver.ts"
import { describeId, idsOf } from "../ids.ts"
import { layerClosed } from "../layerClosed.ts"
import type { Outcome } from "./loading.ts"

/** A read of a key by its first caller. */
export interface Look {
  /** Whether the key was written, or another load of it began, since this read began. */
  isStale: boolean
}

/** The state that all services over one driver share. */
export interface Served {
  /** The driver for the services. Its writes drop loads that they make stale. It fails once the layer is closed. */
  readonly driver: Driver
  /** The running loads of missing keys. */
  readonly loads: SingleFlight<Outcome, any>
  /** The keys that a first caller is reading in its own fiber, before any load. */
  readonly looks: Map<string, Look>
  /** Whether a write of the key is running. Always `false` with `atomic`, because loads are then stored with a condition. */
  readonly isWriting: (id: string) => boolean
  readonly isClosed: () => boolean
  /** Runs a function when the layer is closed, unless the returned function is called before. */
  readonly onClose: (end: () => void) => () => void
  readonly close: () => void
}

const all = new WeakMap<Driver, Served>()

/** Whether services over this driver exist already. */
export const isServed = (driver: Driver): boolean => all.has(driver)

/** Returns the shared state of the services over a driver, through which a write of one service drops a load of another. */
export const served = <D extends Driver>(driver: D): Served & { readonly driver: D } => {
  let state = all.get(driver)
  if (state === undefined) all.set(driver, (state = serve(driver)))
  return state as Served & { readonly driver: D }
}

const serve = (driver: Driver): Served => {
  let isClosed = false
  const ends = new Set<() => void>()
  const loads = new SingleFlight<Outcome, any>({ describe: describeId })
  const looks = new Map<string, Look>()
  const writes: Writes = { byId: new Map(), ofAll: 0 }
  return {
    driver: mapOperations(
      driver,
      <C extends Call, A, E>(next: Next<C, A, E>): Next<C, A, E | StoreUnavailableError> =>
        (call) =>
          Effect.suspend((): Effect.Effect<A, E | StoreUnavailableError> => {
            if (isClosed) return Effect.fail(layerClosed(call.place))
            return changesEntries(call) ? droppingLoads({ loads, looks, writes }, driver, call, next(call)) : next(call)
          })
    ),
    loads,
    looks,
    isWriting: (id) => writes.ofAll > 0 || writes.byId.has(id),
    isClosed: () => isClosed,
    onClose: (end) => {
      ends.add(end)
      return () => void ends.delete(end)
    },
    close: () => {
      isClosed = true
      // Later callers must fail and not join a running load.
      loads.dropAll()
      for (const end of ends) end()
    }
  }
}

/** Marks a read that is running, so that a load does not use its result. */
export const outdate = (look: Look | undefined): void => {
  if (look !== undefined) look.isStale = true
}

const changesEntries = ({ _tag }: Call): boolean =>
  _tag === "put" || _tag === "delete" || _tag === "compareAndPut" || _tag === "increment" || _tag === "clear"

/** The writes that are running: how many for each key, and how many of all keys. */
interface Writes {
  readonly byId: Map<string, number>
  ofAll: number
}

/**
 * Runs a write, and drops running loads of the same keys, so that they do not overwrite it with older values.
 *
 * A load that begins during the write must not overwrite it either. `compareAndPut` prevents that. Without `compareAndPut`,
 * such a load is not stored while the write is running, and is dropped when the write ends.
 */
const droppingLoads = <A, E>(
  { loads, looks, writes }: Pick<Served, "loads" | "looks"> & { readonly writes: Writes },
  driver: Driver,
  call: Call,
  write: Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const drop = () => {
    if (loads.isIdle && looks.size === 0) return
    if (!("keys" in call)) {
      loads.dropAll()
      for (const look of looks.values()) outdate(look)
      return
    }
    for (const id of idsOf(call)) {
      loads.drop(id)
      outdate(looks.get(id))
    }
  }
  if (driver.atomic !== undefined) {
    drop()
    return write
  }
  const count = (by: 1 | -1) => {
    if ("keys" in call) for (const id of idsOf(call)) add(writes.byId, id, by)
    else writes.ofAll += by
  }
  // Counted inside `onExit`. Otherwise, an interruption before `onExit` would leave a write that never ends.
  let isCounted = false
  const counted = Effect.suspend(() => {
    isCounted = true
    count(1)
    drop()
    return write
  })
  return Effect.onExitPrimitive(counted, () => {
    if (isCounted) count(-1)
    drop()
    return undefined
  })
}

const add = (counts: Map<string, number>, id: string, by: 1 | -1): void => {
  const count = (counts.get(id) ?? 0) + by
  if (count === 0) counts.delete(id)
  else counts.set(id, count)
}
