/**
 * Stores under names of their own, for programs with several stores.
 *
 * @since 0.2.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type * as Types from "effect/Types"
import { sameStack } from "./driver/sameStack.ts"
import * as KeyValue from "./KeyValue.ts"
import { StoreSetupError } from "./KeyValueError.ts"
import { Registry, register } from "./store/registry.ts"

/**
 * A capability of a named store: the tag of any service that a stack may provide, such as `Atomic.Atomic`.
 *
 * @since 0.2.0
 */
export type Capability = Context.Key<any, any>

/**
 * The service of a named store: all members of `KeyValue` and of the capabilities in one object.
 *
 * @since 0.2.0
 */
export type Shape<C extends Capability> = KeyValue.Service & Types.UnionToIntersection<C["Service"]>

/**
 * Options of {@link Service}.
 *
 * @since 0.2.0
 */
export interface Options<C extends Capability> {
  /** Capabilities that the store has in addition to `KeyValue`. Default: none. */
  readonly capabilities?: ReadonlyArray<C> | undefined
}

/**
 * Does not match a stack that lacks a service. The error of the compiler contains the text.
 *
 * @since 0.2.0
 */
export type Providing<Provided, Needed> = [Exclude<Needed, Provided>] extends [never]
  ? unknown
  : `The stack does not provide ${NameOf<Exclude<Needed, Provided>>}: add a store or wrapper that does, or remove it from the capabilities of the named store`

type NameOf<Id> = Id extends { readonly key: infer Name extends string } ? Name : "a capability"

/**
 * The class of a named store: the key of its service, with the layers that provide it.
 *
 * @since 0.2.0
 */
export interface ServiceClass<Self, Id extends string, C extends Capability>
  extends Context.ServiceClass<Self, `effect-kv/Store/${Id}#${number}`, Shape<C>> {
  /**
   * Makes the layer of the named store from a stack: any layer that provides `KeyValue` and the capabilities.
   *
   * **Details**
   *
   * The same stack gives the same layer, which a program builds once. Fails to build with `StoreSetupError` if another named
   * store of the program reaches the same entries.
   */
  readonly layer: <A, E, R>(
    stack: Layer.Layer<A, E, R> & Providing<A, KeyValue.KeyValue | C["Identifier"]>
  ) => Layer.Layer<Self, E | StoreSetupError, R>

  /**
   * Provides `KeyValue` and the capabilities from the named store, for modules that use these services: `Collection`,
   * `Rotation`, `EffectStore`.
   */
  readonly services: Layer.Layer<KeyValue.KeyValue | C["Identifier"], never, Self>
}

/**
 * Declares a store under a name of its own.
 *
 * **When to use**
 *
 * Use it if a program has more than one store, such as one for sessions and one for a cache. All stacks provide the service
 * `KeyValue`, so a context can have only one of them under that name.
 *
 * **Details**
 *
 * The service has the members of `KeyValue` and of all capabilities. A stack that lacks a capability does not compile.
 *
 * Building fails with `StoreSetupError` if two named stores of a program may reach the same entries. This also holds for two
 * stacks of one named store (such as one for each tenant), unless both have exactly the same entries.
 *
 * Each declaration is a separate service, even if another one has the same id.
 *
 * **Gotchas**
 *
 * - Declare a store once, at the top level of a module.
 * - Layers that are built with unrelated `MemoMap`s are not compared. `Layer.fresh` has a `MemoMap` of its own.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Atomic, Memory, Store } from "effect-kv"
 *
 * class Sessions extends Store.Service<Sessions>()("app/Sessions", { capabilities: [Atomic.Atomic] }) {}
 * class Pages extends Store.Service<Pages>()("app/Pages") {}
 *
 * const program = Effect.gen(function* () {
 *   const sessions = yield* Sessions
 *   const pages = yield* Pages
 *   yield* sessions.update("alice", () => ({ visits: 1 }))
 *   yield* pages.put("/", "<h1>Hello</h1>", { ttl: "1 minute" })
 * })
 *
 * program.pipe(Effect.provide(Layer.mergeAll(Sessions.layer(Memory.layer()), Pages.layer(Memory.layer()))))
 * ```
 *
 * @since 0.2.0
 */
export const Service =
  <Self>() =>
  <const Id extends string, C extends Capability = never>(
    id: Id,
    options: Options<C> = {}
  ): ServiceClass<Self, Id, C> => {
    declared++
    const capabilities = options.capabilities ?? []
    const key = Context.Service<Self, Shape<C>>()(`effect-kv/Store/${id}#${declared}`)
    const layers = new WeakMap<Layer.Any, Layer.Layer<Self, any, any>>()
    const layer = (stack: Layer.Layer<any, any, any>) => {
      const known = layers.get(stack)
      if (known !== undefined) return known
      const made = Layer.fromBuildMemo<Self, unknown, unknown>((memoMap, scope) =>
        Effect.gen(function* () {
          const provided = yield* Layer.buildWithMemoMap(stack, memoMap, scope)
          const service = yield* merged(id, provided, capabilities)
          const registry = yield* Layer.buildWithMemoMap(Registry.layer, memoMap, scope)
          yield* register(Context.get(registry, Registry), { key: key.key, id, driver: service.driver }).pipe(
            Scope.provide(scope)
          )
          return Context.make(key, service as Shape<C>)
        })
      )
      layers.set(stack, made)
      return made
    }
    // Not memoized: a memoized layer would give the services of the first tenant to all tenants of a `LayerMap`.
    const services = Layer.fromBuild(() =>
      Effect.map(key, (service) => {
        let context: Context.Context<any> = Context.make(KeyValue.KeyValue, service)
        for (const capability of capabilities) context = Context.add(context, capability, service)
        return context
      })
    )
    return Object.assign(key, { layer, services }) as unknown as ServiceClass<Self, Id, C>
  }

/** The number of declared stores. It makes their keys unique: the context identifies a service by its key string. */
let declared = 0

/** Merges `KeyValue` and the capabilities of a stack into one object. */
const merged = Effect.fnUntraced(function* (
  id: string,
  provided: Context.Context<any>,
  capabilities: ReadonlyArray<Capability>
): Effect.fn.Return<KeyValue.Service, StoreSetupError> {
  const kv = Context.get(provided, KeyValue.KeyValue)
  const all = [kv, ...capabilities.map((capability) => Context.get(provided, capability))]
  yield* sameStack("Store", ...all.filter((service) => "driver" in service))
  const service: Record<PropertyKey, unknown> = {}
  for (const part of all) {
    for (const name of Reflect.ownKeys(part)) {
      if (Object.hasOwn(service, name) && service[name] !== part[name]) {
        return yield* new StoreSetupError({
          module: "Store",
          reason: `two services of ${JSON.stringify(id)} have a member ${JSON.stringify(String(name))}: leave one of them out`
        })
      }
      service[name] = part[name]
    }
  }
  return service as unknown as KeyValue.Service
})
