/**
 * Typed collections: the values of a collection have a schema, and its keys may have one.
 *
 * **Details**
 *
 * `docs/concepts/collections.md` describes them step by step, and `docs/concepts/schema-versions.md` how to change a schema.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type { Atomic } from "./Atomic.ts"
import type {
  AtomicOperations,
  ClearingOperations,
  ListingOperations,
  UpgradingOperations
} from "./collection/capabilityTypes.ts"
import { operationsOf } from "./collection/operations.ts"
import type { Capabilities, Options, ServiceOptions } from "./collection/options.ts"
import type { Collection } from "./collection/types.ts"
import type { Schemas } from "./collection/versions.ts"
import { layerByDriver } from "./driver/layerByDriver.ts"
import type { Enumeration } from "./Enumeration.ts"
import { KeyValue } from "./KeyValue.ts"
import type { Maintenance } from "./Maintenance.ts"

export type * from "./collection/capabilityTypes.ts"
export type * from "./collection/options.ts"
export type * from "./collection/types.ts"
export type { Schemas, Version, Versions } from "./collection/versions.ts"

/**
 * A collection with the operations that its capabilities add. `Can` is the union of the capabilities.
 *
 * @since 0.2.0
 */
export type With<Can, A, K = string, RD = never, RE = never> = Collection<A, K, RD, RE> &
  (Atomic extends Can ? AtomicOperations<A, K, RD, RE> : unknown) &
  (Enumeration extends Can ? ListingOperations<A, K, RD> : unknown) &
  (Maintenance extends Can ? ClearingOperations : unknown) &
  ([Atomic | Enumeration] extends [Can] ? UpgradingOperations<RD, RE> : unknown)

/** The capabilities of a list, or none if the type does not say which ones are in the list. */
type In<C extends Capabilities> = number extends C["length"] ? never : Context.Service.Identifier<C[number]>

type Of<S extends Schema.Constraint, K, C extends Capabilities, V extends Schemas> = With<
  In<C>,
  S["Type"],
  K,
  S["DecodingServices"] | V[number]["DecodingServices"],
  S["EncodingServices"]
>

/**
 * Makes a typed collection of the `KeyValue` in the context.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Collection } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const visits = yield* Collection.make({ collection: "visits", schema: Schema.Date, ttl: "1 day" })
 *   yield* visits.put("alice", new Date())
 *   return yield* visits.get("alice") // Option<Date>
 * })
 * ```
 *
 * @since 0.1.0
 */
export const make = <
  S extends Schema.Constraint,
  K = string,
  const C extends Capabilities = readonly [],
  const V extends Schemas = readonly []
>(
  options: Options<S, K, C, V> & { readonly collection: string }
): Effect.Effect<Of<S, K, C, V>, never, KeyValue | In<C>> =>
  operationsOf(options.collection, options as Options<S, K>) as Effect.Effect<any, never, KeyValue | In<C>>

/**
 * The class of a collection: the key of its service, with a `layer` that makes the service from a `KeyValue`.
 *
 * @since 0.1.0
 */
export interface ServiceClass<
  Self,
  Id extends string,
  S extends Schema.Constraint,
  K,
  C extends Capabilities = readonly [],
  V extends Schemas = readonly []
> extends Context.ServiceClass<Self, `effect-kv/Collection/${Id}#${number}`, Of<S, K, C, V>> {
  /**
   * Makes the service over the `KeyValue` in the context.
   *
   * **Details**
   *
   * A program builds it once for each store. So two tenants with their own stores never share a service.
   */
  readonly layer: Layer.Layer<Self, never, KeyValue | In<C>>
}

/**
 * Declares a collection as a service.
 *
 * **When to use**
 *
 * Use it for all data that has a shape: users, sessions, settings. Values are checked when they are written and when
 * they are read, and dates and classes are kept.
 *
 * **Details**
 *
 * The id is the name of the service in Effect's messages about missing services. It is also the collection's name in the
 * store, unless you set `collection`. Set `collection` if two services of a program have the same collection in different
 * stores. Give them different ids then, such as `"billing/Users"`.
 *
 * Each declaration is a separate service, even if another one has the same id. Each uses the store that its own layer gets.
 *
 * **Errors**
 *
 * - `DeserializationError`: a stored value does not match the schema, unless `onInvalid` is `"miss"`.
 * - `SerializationError`: a value that is written does not match the schema.
 * - `InvalidKeyError`: a key does not match its schema.
 * - `MissingKeyError`: `getOrFail` found nothing.
 * - `ConflictError`: other writers came first, at each attempt of `update`, `touch`, `getAndDelete` or `upgrade`.
 * - All errors of the store and its wrappers.
 *
 * **Gotchas**
 *
 * Declare a service once, at the top level of a module. If a function declares it and is called twice, there are two
 * services, and the layer of the first does not provide the second.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer, Schema } from "effect"
 * import { Collection, Memory } from "effect-kv"
 *
 * const User = Schema.Struct({ name: Schema.String, born: Schema.Date })
 *
 * class Users extends Collection.Service<Users>()("users", { schema: User, ttl: "1 day" }) {}
 *
 * const program = Effect.gen(function* () {
 *   const users = yield* Users
 *   yield* users.put("alice", { name: "Alice", born: new Date(0) })
 *   return yield* users.getOrFail("alice")
 * })
 *
 * program.pipe(Effect.provide(Users.layer.pipe(Layer.provide(Memory.layer()))))
 * ```
 *
 * @since 0.1.0
 */
export const Service =
  <Self>() =>
  <
    const Id extends string,
    S extends Schema.Constraint,
    K = string,
    const C extends Capabilities = readonly [],
    const V extends Schemas = readonly []
  >(
    id: Id,
    options: ServiceOptions<S, K, C, V>
  ): ServiceClass<Self, Id, S, K, C, V> => {
    declared++
    const key = Context.Service<Self, Of<S, K, C, V>>()(`effect-kv/Collection/${id}#${declared}`)
    const made = make({ ...options, collection: options.collection ?? id })
    const layer = layerByDriver(KeyValue, () => Layer.effect(key, made))
    return Object.assign(key, { layer })
  }

/** The number of declared services. It makes their keys unique: the context identifies a service by its key string. */
let declared = 0
