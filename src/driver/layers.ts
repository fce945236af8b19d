import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Atomic from "../Atomic.ts"
import * as Enumeration from "../Enumeration.ts"
import * as KeyValue from "../KeyValue.ts"
import * as Maintenance from "../Maintenance.ts"
import type { Driver } from "./Driver.ts"

/**
 * The optional abilities of a store.
 *
 * @since 0.1.0
 */
export type Capability = Enumeration.Enumeration | Maintenance.Maintenance | Atomic.Atomic

/**
 * The capabilities of a driver, by the functions that its type says it has.
 *
 * @since 0.1.0
 */
export type CapabilitiesOf<D extends Driver> =
  | (D extends Required<Pick<Driver, "keys" | "collections">> ? Enumeration.Enumeration : never)
  | (D extends Required<Pick<Driver, "clear" | "removeExpired">> ? Maintenance.Maintenance : never)
  | (D extends Required<Pick<Driver, "compareAndPut">> ? Atomic.Atomic : never)

/**
 * The services over a driver: `KeyValue`, and the capabilities that the driver has.
 *
 * @since 0.1.0
 */
export const toContext = <D extends Driver>(driver: D): Context.Context<KeyValue.KeyValue | CapabilitiesOf<D>> => {
  let context: Context.Context<any> = Context.make(KeyValue.KeyValue, KeyValue.make(driver))
  const { keys, collections, clear, removeExpired, compareAndPut } = driver
  if (keys && collections) {
    context = Context.add(context, Enumeration.Enumeration, Enumeration.make({ ...driver, keys, collections }))
  }
  if (clear && removeExpired) {
    context = Context.add(context, Maintenance.Maintenance, Maintenance.make({ ...driver, clear, removeExpired }))
  }
  if (compareAndPut) context = Context.add(context, Atomic.Atomic, Atomic.make({ ...driver, compareAndPut }))
  return context
}

/**
 * The layer of a store: `KeyValue` and the capabilities that its driver has, by type.
 *
 * @since 0.1.0
 */
export const layer = <D extends Driver, E, R>(
  make: Effect.Effect<D, E, R>
): Layer.Layer<KeyValue.KeyValue | CapabilitiesOf<D>, E, Exclude<R, Scope.Scope>> =>
  Layer.effectContext(Effect.map(make, toContext))

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
        Effect.map(make, ({ transform, context }) =>
          Context.mergeAll(withoutCapabilities(inner), toContext(transform(driverOf(inner))), context)
        )
      )
    ) as Layer.Layer<A | KeyValue.KeyValue | Provided, E | E1, Exclude<R, Scope.Scope> | R1>

/**
 * What is left of a layer's services when it is combined with others: the capabilities that all have, and everything
 * that is not a capability.
 *
 * @since 0.1.0
 */
export type Combined<A, B, Lost = never> =
  | KeyValue.KeyValue
  | Exclude<A, Capability>
  | Exclude<Extract<Extract<A, Capability>, B>, Lost>

/**
 * Makes one layer of two. `Lost` are the capabilities that the combined driver does not have although both have them.
 *
 * @since 0.1.0
 */
export const combination =
  <B, E2, R2>(other: Layer.Layer<B | KeyValue.KeyValue, E2, R2>) =>
  <Lost extends Capability = never, E = never, R = never>(
    make: (driver: Driver, other: Driver) => Effect.Effect<Driver, E, R>
  ) =>
  <A, E1, R1>(
    self: Layer.Layer<A | KeyValue.KeyValue, E1, R1>
  ): Layer.Layer<Combined<A, B, Lost>, E | E1 | E2, Exclude<R, Scope.Scope> | R1 | R2> =>
    Layer.flatMap(self, (inner) =>
      Layer.flatMap(other, (second) =>
        Layer.effectContext(
          Effect.map(make(driverOf(inner), driverOf(second)), (driver) =>
            Context.merge(withoutCapabilities(inner), toContext(driver))
          )
        )
      )
    ) as any

/** @internal */
export const driverOf = <A>(context: Context.Context<A | KeyValue.KeyValue>): Driver =>
  Context.get(context as Context.Context<KeyValue.KeyValue>, KeyValue.KeyValue).driver

/** @internal */
export const withoutCapabilities = (context: Context.Context<any>): Context.Context<any> =>
  Context.omit(Enumeration.Enumeration, Maintenance.Maintenance, Atomic.Atomic)(context)
