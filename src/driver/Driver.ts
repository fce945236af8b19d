import type * as Effect from "effect/Effect"
import type { Entry } from "../Entry.ts"
import type { Component } from "../health/Component.ts"
import type { CommonError, ReadError, WriteError } from "../KeyValueError.ts"
import type * as Call from "./Call.ts"
import type { Extent } from "./extents.ts"

/**
 * The interface that a store implements and a wrapper transforms: a small record of functions from calls to effects.
 *
 * **Details**
 *
 * Every store has `get`, `put` and `delete`, which take batches. All methods of `KeyValue` are derived from these three. A
 * store with more capabilities has `listing`, `maintenance` or `atomic`: `Enumeration`, `Maintenance` and `Atomic` are
 * derived from them.
 *
 * A driver builds a new effect for every call. It may keep the objects that it is given. It must not keep the objects that
 * it returns.
 *
 * @since 0.1.0
 */
export interface Driver {
  /** The kind of store, as in OpenTelemetry's `db.system.name`: `"redis"`, `"sqlite"`, `"memory"`, … */
  readonly system: string
  /** The collection that is used when the application names none. */
  readonly defaultCollection: string
  /**
   * Whether applications read integers beyond 2^53 as `bigint`s, and may write `bigint`s. `undefined`: integers are
   * rounded, unless this driver is combined with a driver that has `exactIntegers: true`. `false`: the driver itself
   * rounds integers, so a combination with it rounds them, too. Default: `undefined`.
   */
  readonly exactIntegers?: boolean | undefined
  /** The parts of stores that the driver reaches. Default: `Driver.layer` sets it, and all wrappers pass it on. */
  readonly extents?: ReadonlyArray<Extent> | undefined
  /** Whether the driver prefers values as JSON text. If so, values are encoded at once and not copied. Default: false. */
  readonly prefersText?: boolean | undefined

  /** The state of the driver (`Health.reporter`). Default: `"up"` in a store, and in a wrapper that of the wrapped driver. */
  readonly health?: Component | undefined

  readonly get: (call: Call.Get) => Effect.Effect<ReadonlyArray<Entry | undefined>, ReadError>
  readonly put: (call: Call.Put) => Effect.Effect<void, WriteError>
  readonly delete: (call: Call.Delete) => Effect.Effect<number, WriteError>

  /** Default: the store cannot list names, and its layer has no `Enumeration`. */
  readonly listing?: Listing | undefined
  /** Default: the store cannot be cleared, and its layer has no `Maintenance`. */
  readonly maintenance?: Maintenance | undefined
  /** Default: the store cannot write conditionally, and its layer has no `Atomic`. */
  readonly atomic?: Atomic | undefined
}

/**
 * Lists names, one page per call.
 *
 * @since 0.2.0
 */
export interface Listing {
  readonly keys: (call: Call.Keys) => Effect.Effect<Call.Page, CommonError>
  readonly collections: (call: Call.Collections) => Effect.Effect<Call.Page, CommonError>
}

/**
 * Removes entries in bulk, one page per call.
 *
 * @since 0.2.0
 */
export interface Maintenance {
  readonly clear: (call: Call.Clear) => Effect.Effect<Call.Removed, WriteError>
  readonly removeExpired: (call: Call.RemoveExpired) => Effect.Effect<Call.Removed, WriteError>
}

/**
 * Changes a key in one step, so that no write of another writer is lost.
 *
 * @since 0.2.0
 */
export interface Atomic {
  readonly compareAndPut: (call: Call.CompareAndPut) => Effect.Effect<Call.Swapped, WriteError>
  /**
   * Adds to a counter in one step of the store. A wrapper that changes entries must leave it out, because the store would
   * not see the counter. Default: `Atomic` reads the counter and writes it with `compareAndPut`.
   */
  readonly increment?: ((call: Call.Increment) => Effect.Effect<Call.Incremented, WriteError>) | undefined
}

/**
 * The usual default collection of a store: `"default_collection"`, as in py-key-value.
 *
 * @since 0.1.0
 */
export const defaultCollection = "default_collection"
