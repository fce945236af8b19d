/**
 * What stores and wrappers are made of.
 *
 * **Details**
 *
 * A {@link Driver} is a small record of functions from calls to effects. A store is a driver offered as a layer
 * ({@link layer}); a wrapper is a function from driver to driver offered as a transformer of layers ({@link wrapper}).
 * Four combinators make every wrapper: {@link around} changes how operations run, {@link mapNames} renames,
 * {@link mapEntries} changes entries on the way in and out, {@link combine} makes one driver of several.
 *
 * `docs/custom-wrappers.md` shows one of each kind.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Atomic from "./Atomic.ts"
import { mapOperations } from "./driver/around.ts"
import { factsOf } from "./driver/combine.ts"
import type { Driver } from "./driver/Driver.ts"
import { meet, whole } from "./driver/extents.ts"
import { isServed, served } from "./driver/service/served.ts"
import { declareWaits, waitsOf } from "./driver/waits.ts"
import * as Enumeration from "./Enumeration.ts"
import * as KeyValue from "./KeyValue.ts"
import { StoreSetupError } from "./KeyValueError.ts"
import * as Maintenance from "./Maintenance.ts"

export * from "./driver/around.ts"
export * from "./driver/Call.ts"
export * as Calls from "./driver/Calls.ts"
export * from "./driver/combine.ts"
export * from "./driver/Driver.ts"
export type { Extent } from "./driver/extents.ts"
export * from "./driver/inTime.ts"
export * from "./driver/mapEntries.ts"
export * from "./driver/mapNames.ts"
export * from "./driver/waits.ts"
export { monotonicMillis } from "./time/clock.ts"

/**
 * The optional abilities of a store.
 *
 * @since 0.1.0
 */
export type Capability = Enumeration.Enumeration | Maintenance.Maintenance | Atomic.Atomic

/**
 * The capabilities of a driver, by what its type says it has.
 *
 * @since 0.1.0
 */
export type CapabilitiesOf<D extends Driver> =
  | (D extends { readonly listing: object } ? Enumeration.Enumeration : never)
  | (D extends { readonly maintenance: object } ? Maintenance.Maintenance : never)
  | (D extends { readonly atomic: object } ? Atomic.Atomic : never)

/**
 * The services over a driver: `KeyValue`, and the capabilities that the driver has.
 *
 * @since 0.1.0
 */
export const toContext = <D extends Driver>(driver: D): Context.Context<KeyValue.KeyValue | CapabilitiesOf<D>> => {
  let context: Context.Context<any> = Context.make(KeyValue.KeyValue, KeyValue.make(driver))
  // All services are made of the very same driver, by which they know of each other.
  const able = driver as Driver & { readonly [K in "listing" | "maintenance" | "atomic"]: NonNullable<Driver[K]> }
  if (driver.listing) context = Context.add(context, Enumeration.Enumeration, Enumeration.make(able))
  if (driver.maintenance) context = Context.add(context, Maintenance.Maintenance, Maintenance.make(able))
  if (driver.atomic) context = Context.add(context, Atomic.Atomic, Atomic.make(able))
  return context
}

/**
 * The layer of a store: `KeyValue` and the capabilities that its driver has, by type.
 *
 * **Details**
 *
 * A driver without `extents` is taken for the same store whenever this layer is built.
 *
 * @since 0.1.0
 */
export const layer = <D extends Driver, E, R>(
  make: Effect.Effect<D, E, R>
): Layer.Layer<KeyValue.KeyValue | CapabilitiesOf<D>, E, Exclude<R, Scope.Scope>> => {
  const all = [whole({})]
  return Layer.effectContext(
    Effect.flatMap(make, (driver) =>
      provide(driver.extents === undefined ? withFacts(driver, { extents: all }) : driver)
    )
  )
}

/** The driver with other facts, which is as quick as before. */
const withFacts = <D extends Driver>(driver: D, facts: Pick<Driver, "exactIntegers" | "extents">): D =>
  declareWaits({ ...mapOperations(driver, (next) => next), ...facts } as D, waitsOf(driver))

/** The services over a driver, which fail when the scope has closed. */
const provide = <D extends Driver>(
  driver: D
): Effect.Effect<Context.Context<KeyValue.KeyValue | CapabilitiesOf<D>>, never, Scope.Scope> => {
  // A wrapper may hand on the very driver that it was given, whose own services stay open.
  const own = isServed(driver) ? declareWaits({ ...driver }, waitsOf(driver)) : driver
  return Effect.as(
    Effect.addFinalizer(() => Effect.sync(served(own).close)),
    toContext(own)
  )
}

/**
 * A transformer of layers that keeps the capabilities of the layer that it is applied to.
 *
 * @since 0.1.0
 */
export type Wrapper<in out Provided = never, out E = never, out R = never> = <A, E1, R1>(
  self: Layer.Layer<A | KeyValue.KeyValue, E1, R1>
) => Layer.Layer<A | KeyValue.KeyValue | Provided, E | E1, R | R1>

/**
 * Makes a wrapper of a function from driver to driver.
 *
 * **Details**
 *
 * Whatever the wrapped layer provides beside `KeyValue` is provided still; its capabilities act on the wrapped store.
 * The new driver reaches what the wrapped one does, unless it says otherwise (`Driver.extents`).
 *
 * @since 0.1.0
 */
export const wrapper = (transform: (driver: Driver) => Driver): Wrapper => wrapperEffect(Effect.succeed(transform))

/**
 * Makes a wrapper of an effect that checks options or acquires what the wrapper needs. It runs when the layer is built,
 * and its scope is the layer's.
 *
 * @since 0.1.0
 */
export const wrapperEffect = <E, R>(
  make: Effect.Effect<(driver: Driver) => Driver, E, R>
): Wrapper<never, E, Exclude<R, Scope.Scope>> =>
  wrapperContext(Effect.map(make, (transform) => ({ transform, context: Context.empty() })))

/**
 * Makes a wrapper that provides a service of its own, too.
 *
 * @since 0.1.0
 */
export const wrapperContext =
  <Provided, E, R>(
    make: Effect.Effect<
      { readonly transform: (driver: Driver) => Driver; readonly context: Context.Context<Provided> },
      E,
      R
    >
  ): Wrapper<Provided, E, Exclude<R, Scope.Scope>> =>
  <A, E1, R1>(self: Layer.Layer<A | KeyValue.KeyValue, E1, R1>) =>
    Layer.flatMap(self, (inner) =>
      Layer.effectContext(
        Effect.flatMap(make, ({ transform, context }) =>
          Effect.map(provide(transformed(transform, driverOf(inner))), (services) =>
            Context.mergeAll(withoutCapabilities(inner), services, context)
          )
        )
      )
    ) as Layer.Layer<A | KeyValue.KeyValue | Provided, E | E1, Exclude<R, Scope.Scope> | R1>

const transformed = (transform: (driver: Driver) => Driver, inner: Driver): Driver => {
  const driver = transform(inner)
  const { extents } = inner
  return driver.extents === undefined && extents !== undefined ? withFacts(driver, { extents }) : driver
}

/**
 * Layers of stores.
 *
 * @since 0.1.0
 */
export type Stores = ReadonlyArray<Layer.Layer<KeyValue.KeyValue, any, any>>

/**
 * What is left of a layer's services when other stores are combined with it: the capabilities that all of them have,
 * less those that the combination has `Lost`, those that it has by listing (`Listed`) where one of them cannot list, and
 * everything that is not a capability.
 *
 * @since 0.1.0
 */
export type ServicesOver<A, Others extends Stores, Lost = never, Listed = never> =
  | KeyValue.KeyValue
  | Exclude<A, Lost | MissingIn<Others[number]> | LostUnlisted<Exclude<A, MissingIn<Others[number]>>, Listed>>

type LostUnlisted<Kept, Listed> = Enumeration.Enumeration extends Kept ? never : Listed

type MissingIn<Store> = Store extends Layer.Any ? Exclude<Capability, Layer.Success<Store>> : never

/**
 * A transformer of layers that combines the layer with others.
 *
 * @since 0.1.0
 */
export type WrapperOver<Others extends Stores, Lost = never, E = never, Listed = never> = <A, E1, R1>(
  self: Layer.Layer<A | KeyValue.KeyValue, E1, R1>
) => Layer.Layer<
  ServicesOver<A, Others, Lost, Listed>,
  E | E1 | Layer.Error<Others[number]>,
  R1 | Layer.Services<Others[number]>
>

/**
 * Makes a wrapper that combines a store with others, in the order in which they are listed.
 *
 * **Details**
 *
 * `Lost` names the capabilities that the resulting driver does not have although all stores do. A layer that stands
 * below several of the stores is built once. Integers of the result are exact if one store is exact and no store rounds
 * them itself (`Driver.exactIntegers`).
 *
 * @since 0.1.0
 */
export const wrapperOver = <const Others extends Stores, Lost extends Capability = never, E = never>(
  others: Others,
  make: (driver: Driver, others: ReadonlyArray<Driver>) => Effect.Effect<Driver, E, Scope.Scope>
): WrapperOver<Others, Lost, E> => wrappingOver(others, make, () => Effect.void)

/**
 * {@link wrapperOver} of stores that must be apart from each other: fails with `StoreSetupError` where they are not.
 *
 * @internal
 */
export const wrapperOverApart = <const Others extends Stores, Lost extends Capability = never, E = never>(
  module: string,
  areApart: (a: Driver, b: Driver) => boolean,
  others: Others,
  make: (driver: Driver, others: ReadonlyArray<Driver>) => Effect.Effect<Driver, E, Scope.Scope>
): WrapperOver<Others, Lost, E | StoreSetupError> =>
  wrappingOver(others, make, (drivers) =>
    drivers.every((a, i) => drivers.slice(0, i).every((b) => areApart(a, b)))
      ? Effect.void
      : Effect.fail(new StoreSetupError({ module, reason: notApart }))
  )

const notApart =
  "the same store stands in two places, and would overwrite its own entries: give each place a layer of its own " +
  "(call Memory.layer() twice), or other names (PrefixKeys, PrefixCollections)"

/** Two drivers that never reach the same entry. */
export const areStores = (a: Driver, b: Driver): boolean => !meet(a, b)

/** Two drivers of different layers, be it of one store. */
export const areLayers = (a: Driver, b: Driver): boolean => a !== b

const wrappingOver =
  <const Others extends Stores, Lost extends Capability, E, E2>(
    others: Others,
    make: (driver: Driver, others: ReadonlyArray<Driver>) => Effect.Effect<Driver, E, Scope.Scope>,
    check: (drivers: ReadonlyArray<Driver>) => Effect.Effect<void, E2>
  ): WrapperOver<Others, Lost, E | E2> =>
  (self) =>
    Layer.flatMap(self, (inner) =>
      withDrivers(others, (drivers) => {
        const all = [driverOf(inner), ...drivers]
        const made = Effect.map(make(driverOf(inner), drivers), (driver) =>
          withFacts(driver, { ...factsOf(all), ...(driver.exactIntegers === false && { exactIntegers: false }) })
        )
        return Layer.effectContext(
          Effect.map(Effect.flatMap(Effect.andThen(check(all), made), provide), (services) =>
            Context.merge(withoutCapabilities(inner), services)
          )
        )
      })
    ) as any

const withDrivers = (
  layers: Stores,
  f: (drivers: ReadonlyArray<Driver>) => Layer.Layer<any, any, any>
): Layer.Layer<any, any, any> => {
  const [first, ...rest] = layers
  return first === undefined
    ? f([])
    : Layer.flatMap(first, (context) => withDrivers(rest, (drivers) => f([driverOf(context), ...drivers])))
}

/** @internal */
export const driverOf = <A>(context: Context.Context<A | KeyValue.KeyValue>): Driver =>
  Context.get(context as Context.Context<KeyValue.KeyValue>, KeyValue.KeyValue).driver

/** @internal */
export const withoutCapabilities = (context: Context.Context<any>): Context.Context<any> =>
  Context.omit(Enumeration.Enumeration, Maintenance.Maintenance, Atomic.Atomic)(context)
