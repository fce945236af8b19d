/**
 * Drivers, the building blocks of custom stores and wrappers.
 *
 * **Details**
 *
 * A {@link Driver} is a small record of functions from calls to effects. {@link layer} turns a driver into the layer of a
 * store. A wrapper is a function from driver to driver, and {@link wrapper} turns it into a transformer of layers.
 *
 * There are four combinators for wrappers:
 *
 * - {@link around} changes how operations run.
 * - {@link mapNames} renames collections and keys.
 * - {@link mapEntries} changes entries on the way in and out.
 * - {@link combine} makes one driver of several.
 *
 * `docs/guides/custom-wrappers.md` has an example of each.
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
import * as Health from "./Health.ts"
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
 * The capabilities that a store may have.
 *
 * @since 0.1.0
 */
export type Capability = Enumeration.Enumeration | Maintenance.Maintenance | Atomic.Atomic

/**
 * The capabilities that a driver has according to its type.
 *
 * @since 0.1.0
 */
export type CapabilitiesOf<D extends Driver> =
  | (D extends { readonly listing: object } ? Enumeration.Enumeration : never)
  | (D extends { readonly maintenance: object } ? Maintenance.Maintenance : never)
  | (D extends { readonly atomic: object } ? Atomic.Atomic : never)

/**
 * Makes the services over a driver: `KeyValue`, `Health`, and the capabilities that the driver has.
 *
 * @since 0.1.0
 */
export const toContext = <D extends Driver>(
  driver: D
): Context.Context<KeyValue.KeyValue | Health.Health | CapabilitiesOf<D>> => {
  let context: Context.Context<any> = Context.make(KeyValue.KeyValue, KeyValue.make(driver))
  context = Context.add(context, Health.Health, Health.make(driver))
  // All services get the same driver object: they find their shared state by its identity.
  const able = driver as Driver & { readonly [K in "listing" | "maintenance" | "atomic"]: NonNullable<Driver[K]> }
  if (driver.listing) context = Context.add(context, Enumeration.Enumeration, Enumeration.make(able))
  if (driver.maintenance) context = Context.add(context, Maintenance.Maintenance, Maintenance.make(able))
  if (driver.atomic) context = Context.add(context, Atomic.Atomic, Atomic.make(able))
  return context
}

/**
 * Makes the layer of a store. It provides `KeyValue`, `Health` and the capabilities that the type of the driver has.
 *
 * **Details**
 *
 * If the driver has no `extents`, every build of this layer counts as the same store. If it has no `health`, it is always up.
 *
 * @since 0.1.0
 */
export const layer = <D extends Driver, E, R>(
  make: Effect.Effect<D, E, R>
): Layer.Layer<KeyValue.KeyValue | Health.Health | CapabilitiesOf<D>, E, Exclude<R, Scope.Scope>> => {
  const all = [whole({})]
  return Layer.effectContext(
    Effect.flatMap(make, (driver) =>
      Effect.contextWith((context: Context.Context<never>) =>
        provide(
          withFacts(driver, {
            extents: driver.extents ?? all,
            health: driver.health ?? Health.alwaysUp(context, driver)
          })
        )
      )
    )
  )
}

/** Returns a copy of the driver with these facts. The copy keeps what was declared with `declareWaits`. */
const withFacts = <D extends Driver>(driver: D, facts: Pick<Driver, "exactIntegers" | "extents" | "health">): D =>
  declareWaits({ ...mapOperations(driver, (next) => next), ...facts } as D, waitsOf(driver))

/** Makes the services over a driver. Their operations fail after the scope has closed. */
const provide = <D extends Driver>(
  driver: D
): Effect.Effect<Context.Context<KeyValue.KeyValue | Health.Health | CapabilitiesOf<D>>, never, Scope.Scope> => {
  // A wrapper may return the driver that it was given. Then a copy is closed, and the services of the wrapped layer stay open.
  const own = isServed(driver) ? declareWaits({ ...driver }, waitsOf(driver)) : driver
  return Effect.as(
    Effect.addFinalizer(() => Effect.sync(served(own).close)),
    toContext(own)
  )
}

/**
 * A function from layer to layer that keeps the capabilities of the given layer.
 *
 * @since 0.1.0
 */
export type Wrapper<in out Provided = never, out E = never, out R = never> = <A, E1, R1>(
  self: Layer.Layer<A | KeyValue.KeyValue, E1, R1>
) => Layer.Layer<A | KeyValue.KeyValue | Provided, E | E1, R | R1>

/**
 * Makes a wrapper from a function that transforms a driver.
 *
 * **Details**
 *
 * The resulting layer also provides all other services of the wrapped layer. Its capabilities go through the wrapper. The
 * new driver has the `extents` and the `health` of the wrapped one, unless it sets its own.
 *
 * @since 0.1.0
 */
export const wrapper = (transform: (driver: Driver) => Driver): Wrapper => wrapperEffect(Effect.succeed(transform))

/**
 * Makes a wrapper from an effect, which can check options and acquire resources. The effect runs when the layer is built, in
 * the scope of the layer.
 *
 * @since 0.1.0
 */
export const wrapperEffect = <E, R>(
  make: Effect.Effect<(driver: Driver) => Driver, E, R>
): Wrapper<never, E, Exclude<R, Scope.Scope>> =>
  wrapperContext(Effect.map(make, (transform) => ({ transform, context: Context.empty() })))

/**
 * Makes a wrapper that also provides services of its own (`context`).
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
    builtOnce(
      Layer.flatMap(self, (inner) =>
        Layer.effectContext(
          Effect.flatMap(make, ({ transform, context }) =>
            Effect.map(provide(transformed(transform, driverOf(inner))), (services) =>
              Context.mergeAll(withoutCapabilities(inner), services, context)
            )
          )
        )
      )
    ) as Layer.Layer<A | KeyValue.KeyValue | Provided, E | E1, Exclude<R, Scope.Scope> | R1>

/**
 * Memoizes a layer, so that a program builds it once, in however many places it uses it. `Layer.flatMap` does not memoize: a
 * stack that is used twice would have two circuit breakers, or replay one journal twice.
 */
const builtOnce = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.fromBuildMemo((memoMap, scope) =>
    Effect.map(Layer.buildWithMemoMap(layer, memoMap, scope), Context.omit(Layer.CurrentMemoMap))
  ) as Layer.Layer<A, E, R>

const transformed = (transform: (driver: Driver) => Driver, inner: Driver): Driver => {
  const driver = transform(inner)
  const { extents = inner.extents, health = inner.health } = driver
  if (extents === driver.extents && health === driver.health) return driver
  return withFacts(driver, { ...(extents && { extents }), ...(health && { health }) })
}

/**
 * A list of layers of stores.
 *
 * @since 0.1.0
 */
export type Stores = ReadonlyArray<Layer.Layer<KeyValue.KeyValue, any, any>>

/**
 * The services of a layer `A` after it was combined with other stores.
 *
 * **Details**
 *
 * - Services that are not capabilities are kept.
 * - Capabilities are kept if all stores have them, except those in `Lost`.
 * - Capabilities in `Listed` are also lost if one of the stores cannot list.
 *
 * @since 0.1.0
 */
export type ServicesOver<A, Others extends Stores, Lost = never, Listed = never> =
  | KeyValue.KeyValue
  | Exclude<A, Lost | MissingIn<Others[number]> | LostUnlisted<Exclude<A, MissingIn<Others[number]>>, Listed>>

type LostUnlisted<Kept, Listed> = Enumeration.Enumeration extends Kept ? never : Listed

type MissingIn<Store> = Store extends Layer.Any ? Exclude<Capability, Layer.Success<Store>> : never

/**
 * A function from layer to layer that combines the given layer with others.
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
 * Makes a wrapper that combines a store with others. `make` gets their drivers in the order of `others`.
 *
 * **Details**
 *
 * `Lost` names the capabilities that the resulting driver does not have although all stores have them. A layer that several
 * of the stores share is built once. Integers of the result are exact if one store is exact and no store rounds integers
 * itself (`Driver.exactIntegers`).
 *
 * @since 0.1.0
 */
export const wrapperOver = <const Others extends Stores, Lost extends Capability = never, E = never>(
  others: Others,
  make: (driver: Driver, others: ReadonlyArray<Driver>) => Effect.Effect<Driver, E, Scope.Scope>
): WrapperOver<Others, Lost, E> => wrappingOver("Combination", others, make, () => Effect.void)

/**
 * Like {@link wrapperOver}, but fails with `StoreSetupError` if `areApart` returns `false` for two of the drivers.
 *
 * @internal
 */
export const wrapperOverApart = <const Others extends Stores, Lost extends Capability = never, E = never>(
  module: string,
  areApart: (a: Driver, b: Driver) => boolean,
  others: Others,
  make: (driver: Driver, others: ReadonlyArray<Driver>) => Effect.Effect<Driver, E, Scope.Scope>
): WrapperOver<Others, Lost, E | StoreSetupError> =>
  wrappingOver(module, others, make, (drivers) =>
    drivers.every((a, i) => drivers.slice(0, i).every((b) => areApart(a, b)))
      ? Effect.void
      : Effect.fail(new StoreSetupError({ module, reason: notApart }))
  )

const notApart =
  "the same store is used in two places and would overwrite its own entries: use another store in one of them " +
  "(such as a second Memory.layer()) or other names (PrefixKeys, PrefixCollections)"

/** Whether two drivers never reach the same entry. */
export const areStores = (a: Driver, b: Driver): boolean => !meet(a, b)

/** Whether two drivers belong to different layers. Both layers may be of the same store. */
export const areLayers = (a: Driver, b: Driver): boolean => a !== b

const wrappingOver =
  <const Others extends Stores, Lost extends Capability, E, E2>(
    module: string,
    others: Others,
    make: (driver: Driver, others: ReadonlyArray<Driver>) => Effect.Effect<Driver, E, Scope.Scope>,
    check: (drivers: ReadonlyArray<Driver>) => Effect.Effect<void, E2>
  ): WrapperOver<Others, Lost, E | E2> =>
  (self) =>
    builtOnce(
      Layer.flatMap(self, (inner) =>
        withDrivers(others, (drivers) => {
          const all = [driverOf(inner), ...drivers]
          const made = Effect.flatMap(make(driverOf(inner), drivers), (driver) =>
            Effect.map(healthOver(module, driver, all), (health) =>
              withFacts(driver, {
                ...factsOf(all),
                ...(driver.exactIntegers === false && { exactIntegers: false }),
                health
              })
            )
          )
          return Layer.effectContext(
            Effect.map(Effect.flatMap(Effect.andThen(check(all), made), provide), (services) =>
              Context.merge(withoutCapabilities(inner), services)
            )
          )
        })
      )
    ) as any

/** The state of a combination: its own, or the states of its stores. A driver that spreads one of the stores has no own state. */
const healthOver = (
  module: string,
  driver: Driver,
  all: ReadonlyArray<Driver>
): Effect.Effect<Health.Component, never, Scope.Scope> =>
  driver.health !== undefined && all.every(({ health }) => health !== driver.health)
    ? Effect.succeed(driver.health)
    : Effect.map(Health.reporter({ module, rule: Health.anyPart }), (report) => report(driver.system, all))

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
  Context.omit(Health.Health, Enumeration.Enumeration, Maintenance.Maintenance, Atomic.Atomic)(context)
