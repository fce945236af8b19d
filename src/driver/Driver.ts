import type * as Effect from "effect/Effect"
import type { Entry } from "../Entry.ts"
import type { CommonError, ReadError, WriteError } from "../KeyValueError.ts"
import type * as Call from "./Call.ts"
import type { Extent } from "./extents.ts"

/**
 * What a store implements and a wrapper transforms: a small record of functions from calls to effects.
 *
 * **Details**
 *
 * A store has `get`, `put` and `delete`, all of them batched; everything that applications call is derived from these.
 * `listing`, `maintenance` and `atomic` are there where the store has that capability: `Enumeration`, `Maintenance` and
 * `Atomic` are derived from them.
 *
 * A driver builds a fresh effect for every call. It keeps no object that it returns, and may keep those that it is
 * given.
 *
 * @since 0.1.0
 */
export interface Driver {
  /** The kind of store, as OpenTelemetry's `db.system.name` has it: `"redis"`, `"sqlite"`, `"memory"`, … */
  readonly system: string
  /** The collection of a call that names none. */
  readonly defaultCollection: string
  /**
   * Whether applications read, and may write, integers beyond 2^53 as `bigint`s. `undefined`: they do not, unless the
   * driver is combined with one that is exact. `false`: the driver rounds integers itself, so that no combination with it
   * is exact. Default: `undefined`.
   */
  readonly exactIntegers?: boolean | undefined
  /** Which parts of which stores it reaches. Default: set by `Driver.layer`, and handed on by all wrappers. */
  readonly extents?: ReadonlyArray<Extent> | undefined
  /** Whether values are wanted as JSON text: then they are turned into it at once, and not copied. Default: false. */
  readonly prefersText?: boolean | undefined

  readonly get: (call: Call.Get) => Effect.Effect<ReadonlyArray<Entry | undefined>, ReadError>
  readonly put: (call: Call.Put) => Effect.Effect<void, WriteError>
  readonly delete: (call: Call.Delete) => Effect.Effect<number, WriteError>

  /** Default: it cannot list, and has no `Enumeration`. */
  readonly listing?: Listing | undefined
  /** Default: it cannot be cleared, and has no `Maintenance`. */
  readonly maintenance?: Maintenance | undefined
  /** Default: it cannot write conditionally, and has no `Atomic`. */
  readonly atomic?: Atomic | undefined
}

/**
 * How a driver lists names, page by page.
 *
 * @since 0.2.0
 */
export interface Listing {
  readonly keys: (call: Call.Keys) => Effect.Effect<Call.Page, CommonError>
  readonly collections: (call: Call.Collections) => Effect.Effect<Call.Page, CommonError>
}

/**
 * How a driver removes entries in bulk, page by page.
 *
 * @since 0.2.0
 */
export interface Maintenance {
  readonly clear: (call: Call.Clear) => Effect.Effect<Call.Removed, WriteError>
  readonly removeExpired: (call: Call.RemoveExpired) => Effect.Effect<Call.Removed, WriteError>
}

/**
 * How a driver writes a key if nobody else has written it.
 *
 * @since 0.2.0
 */
export interface Atomic {
  readonly compareAndPut: (call: Call.CompareAndPut) => Effect.Effect<Call.Swapped, WriteError>
}

/**
 * The collection of a call that names none: `"default_collection"`, as in py-key-value.
 *
 * @since 0.1.0
 */
export const defaultCollection = "default_collection"
