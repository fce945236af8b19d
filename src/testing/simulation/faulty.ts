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
 * What goes wrong with one of the stores of a stack.
 *
 * @since 0.1.0
 */
export interface Faults {
  /** How many of its calls have a fault of each kind. Default: those of {@link defaultRates}. */
  readonly rates?: Chaos.Options["rates"]
  /** Default: 1 to 30 milliseconds. */
  readonly delay?: Chaos.Range | undefined
  /** Default: 0.5 to 8 seconds. */
  readonly lateBy?: Chaos.Range | undefined
  /** Whether it is down at times. Of the stores that may be, one is at a time. Default: true. */
  readonly outages?: boolean | undefined
  /**
   * Whether it holds nothing but copies of what another store holds, as a cache does: then what is done to it twice is not
   * a write that was done twice, and it is empty when the stack is built again. Default: false.
   */
  readonly copies?: boolean | undefined
}

/**
 * Wraps a store of the stack, under a name of its own, so that it has faults.
 *
 * @since 0.1.0
 */
export type Faulty = <A, E, R>(
  name: string,
  store: Layer.Layer<A | KeyValue, E, R>,
  faults?: Faults
) => Layer.Layer<A | KeyValue | Chaos.Chaos, E | StoreSetupError, R>

/**
 * The faults of a store unless it is told others. There is no `corrupt` among them, since only an encryption can tell.
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

/** What a run and its stores have to do with each other. */
export interface Wiring {
  readonly order: { readonly now: () => Moment }
  readonly outages: ReadonlyArray<Outage>
  readonly stores: Stores
  readonly activity: Activity
  /** Whether the stack is closed while the stores go on. */
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
        const told = (faults.copies ? inner : inner.pipe(applied(store, order))).pipe(Chaos.wrapWith(chaos))
        const watched = told.pipe(observed(activity))
        return restarts ? watched.pipe(connection) : watched
      })
    )
  }

/** Knows when the store is asked something. */
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

/** Records that a store was told to do a write, and for which operation. */
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
