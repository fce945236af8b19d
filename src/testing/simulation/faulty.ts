import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { wrapper } from "../../Driver.ts"
import { around, type Next } from "../../driver/around.ts"
import * as Call from "../../driver/Call.ts"
import type { KeyValue } from "../../KeyValue.ts"
import type { StoreSetupError } from "../../KeyValueError.ts"
import * as Chaos from "../Chaos.ts"
import { connection } from "./connection.ts"
import type { Moment, Operation } from "./History.ts"
import type { Outage } from "./Plan.ts"
import { Current } from "./perform.ts"
import type { Activity, Stores } from "./Stores.ts"
import { epoch } from "./VirtualTime.ts"

/**
 * The faults of one store of a stack.
 *
 * @since 0.1.0
 */
export interface Faults {
  /** The fraction of calls that have a fault of each kind, from 0 to 1. Default: {@link defaultRates}. */
  readonly rates?: Chaos.Options["rates"]
  /** How long a `delay` waits before the call is applied, and again afterwards. Default: 1 to 30 milliseconds. */
  readonly delay?: Chaos.Range | undefined
  /** How much later a `late` call is applied. Default: 0.5 to 8 seconds. */
  readonly lateBy?: Chaos.Range | undefined
  /** Whether the store is down at times. At most one store is down at a time. Default: true. */
  readonly outages?: boolean | undefined
  /**
   * Whether the store holds only copies of another store's entries, as a cache does. A write that reaches it several
   * times then does not count as repeated, and the store is empty when the stack is built again. Default: false.
   */
  readonly copies?: boolean | undefined
}

/**
 * Adds faults to a store of the stack. Each store needs its own name.
 *
 * @since 0.1.0
 */
export type Faulty = <A, E, R>(
  name: string,
  store: Layer.Layer<A | KeyValue, E, R>,
  faults?: Faults
) => Layer.Layer<A | KeyValue | Chaos.Chaos, E | StoreSetupError, R>

/**
 * The default rates of faults. `corrupt` is not among them, because only encryption detects it.
 *
 * @since 0.1.0
 */
export const defaultRates = {
  failBefore: 0.03,
  failAfter: 0.03,
  delay: 0.7,
  stall: 0.01,
  late: 0.015,
  expireEarly: 0.01
} as const

/** What the stores of a run need from the run. */
export interface Wiring {
  readonly order: { readonly now: () => Moment }
  readonly outages: ReadonlyArray<Outage>
  readonly stores: Stores
  readonly activity: Activity
  /** Whether the stack is closed and built again while its stores go on. */
  readonly restarts: boolean
}

export const faulty =
  ({ order, outages, stores, activity, restarts }: Wiring): Faulty =>
  (store, layer, faults = {}) => {
    const chaos = Chaos.make({
      enabled: false,
      rates: faults.rates ?? defaultRates,
      delay: faults.delay ?? { min: 1, max: 30 },
      lateBy: faults.lateBy ?? { min: 500, max: 8000 },
      outages: outages
        .filter((outage) => outage.store === store)
        .map(({ from, to, stall }) => ({ from, to, fault: { _tag: stall ? "stall" : "failBefore" } })),
      onFault: (fault, call) =>
        withCurrent((operation, wall) => {
          if (fault._tag !== "delay") operation.faults.push({ store, kind: fault._tag })
          if (fault._tag === "expireEarly" && Call.isWrite(call))
            operation.expiredEarly.push(wall + (fault.after as number))
        })
    })
    return Layer.unwrap(
      Effect.map(stores.open(store, layer, chaos, faults.copies === true), ({ context, chaos }) => {
        const inner: typeof layer = Layer.succeedContext(context)
        const recorded = (faults.copies ? inner : inner.pipe(applied(store, order))).pipe(Chaos.wrapWith(chaos))
        const watched = recorded.pipe(observed(activity))
        return restarts ? watched.pipe(connection) : watched
      })
    )
  }

/** Records when the store has calls in progress. */
const observed = (activity: Activity) =>
  wrapper(
    around((call, next) =>
      Effect.suspend(() => {
        let begun = false
        const asked = Effect.suspend(() => {
          begun = true
          activity.begin()
          return next(call)
        })
        return Effect.onExitPrimitive(asked, () => {
          if (begun) activity.end()
          return undefined
        })
      })
    )
  )

const withCurrent = (f: (operation: Operation, wall: number) => void): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const operation = fiber.getRef(Current)
    if (operation !== undefined) f(operation, fiber.getRef(Clock.Clock).currentTimeMillisUnsafe() - epoch)
    return Effect.void
  })

/** Records each write that reaches a store, with the operation that it belongs to. */
const applied = (store: string, order: Wiring["order"]) =>
  wrapper(
    around(<C extends Call.Call, A, E>(call: C, next: Next<C, A, E>) =>
      Call.isWrite(call)
        ? Effect.withFiber((fiber): Effect.Effect<A, E> => {
            const operation = fiber.getRef(Current)
            if (operation === undefined) return next(call)
            const application = { store, from: order.now(), to: undefined as Moment | undefined }
            operation.applications.push(application)
            return Effect.tap(
              next(call),
              Effect.sync(() => {
                application.to = order.now()
              })
            )
          })
        : next(call)
    )
  )
