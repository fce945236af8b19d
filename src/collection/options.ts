import type * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import type * as Atomic from "../Atomic.ts"
import type * as Enumeration from "../Enumeration.ts"
import type { Leased } from "../lease/loadOnce.ts"
import type * as Maintenance from "../Maintenance.ts"
import type { Schemas, Versions } from "./versions.ts"

/**
 * A capability that a collection may use.
 *
 * @since 0.2.0
 */
export type Capability = typeof Atomic.Atomic | typeof Enumeration.Enumeration | typeof Maintenance.Maintenance

/**
 * A list of capabilities.
 *
 * @since 0.2.0
 */
export type Capabilities = ReadonlyArray<Capability>

/**
 * Options of `make` and `Service`.
 *
 * @since 0.1.0
 */
export interface Options<
  S extends Schema.Constraint,
  K,
  C extends Capabilities = readonly [],
  V extends Schemas = readonly []
> {
  /**
   * Schema of the values. Values are stored as JSON (`Schema.toCodecJson`), so dates, classes and options work. A schema
   * whose encoded side is a `Uint8Array` is stored as bytes.
   */
  readonly schema: S
  /** Codec for keys that are not strings. Default: none. */
  readonly key?: Schema.Codec<K, string> | undefined
  /** TTL of the entries. Default: none. */
  readonly ttl?: Duration.Input | undefined
  /**
   * Whether reading a value that does not fit the schema fails with `DeserializationError` or is a miss. A miss logs a
   * warning, without the value. With `"miss"`, `keys` and `entries` also leave out keys that do not fit `key`. Default:
   * `"fail"`.
   */
  readonly onInvalid?: "fail" | "miss" | undefined
  /**
   * Older schemas, newest first, each with the function that upgrades its values to the next newer schema. A value that
   * does not fit `schema` is read with the first of them that it fits. Default: none.
   */
  readonly versions?: Versions<S["Type"], V> | undefined
  /** Capabilities of the store that the collection offers: `Atomic`, `Enumeration`, `Maintenance`. Default: none. */
  readonly capabilities?: C | undefined
}

/**
 * Options of `Service`.
 *
 * @since 0.1.0
 */
export interface ServiceOptions<
  S extends Schema.Constraint,
  K,
  C extends Capabilities = readonly [],
  V extends Schemas = readonly []
> extends Options<S, K, C, V> {
  /** Name of the collection in the store. Default: the id of the service. */
  readonly collection?: string | undefined
}

/**
 * Options of a write.
 *
 * @since 0.1.0
 */
export interface PutOptions {
  /** TTL of the entry. With `"Infinity"`, it never expires. Default: the `ttl` of the collection. */
  readonly ttl?: Duration.Input | undefined
}

/**
 * Options of `getOrSetMany`, and of `getOrSet` together with `lease`.
 *
 * @since 0.2.0
 */
export interface GetOrSetManyOptions<A, K = string> {
  /**
   * TTL of a loaded value, or a function that returns it for the value and its key. With `"Infinity"`, the entry never
   * expires. Default: the `ttl` of the collection, also if the function returns `undefined`.
   */
  readonly ttl?: Duration.Input | ((value: A, key: K) => Duration.Input | undefined) | undefined
  /**
   * What happens when the store fails. With `"fail"`, the call fails. With `"load"`, a value that cannot be read is loaded,
   * and a loaded value that cannot be stored is returned. Default: `"fail"`.
   */
  readonly onStoreFailure?: "fail" | "load" | undefined
}

/**
 * Options of `getOrSet`.
 *
 * @since 0.2.0
 */
export interface GetOrSetOptions<A, K = string, L extends Duration.Input = Duration.Input>
  extends GetOrSetManyOptions<A, K>,
    Leased<L> {}

/**
 * Options of `update` and `updateEffect`.
 *
 * @since 0.2.0
 */
export interface UpdateOptions {
  /**
   * How long the entry lives from now on. Default: an existing entry keeps the expiry that it has, and a new entry gets the
   * `ttl` of the collection.
   */
  readonly ttl?: Duration.Input | undefined
  /** Maximum number of retries when another writer came first. A negative number, or `NaN`, is 0. Default: 100. */
  readonly maxRetries?: number | undefined
}

/**
 * Options of `upgrade`.
 *
 * @since 0.2.0
 */
export interface UpgradeOptions {
  /**
   * How many entries are read at a time, and the maximum number per `UpgradeProgress`. It is rounded down, and limited to
   * 10,000. For a number below 1, or `NaN`, the default is used. Default: 1,000.
   */
  readonly chunkSize?: number | undefined
  /** How many entries are rewritten at a time, within the same limits. Default: 16. */
  readonly concurrency?: number | undefined
}
