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
 * The other functions are there where the store can, and make up its capabilities: `keys` and `collections` are
 * `Enumeration`, `clear` and `removeExpired` are `Maintenance`, `compareAndPut` is `Atomic`.
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
  readonly exact?: boolean | undefined
  /** Which parts of which stores it reaches. Default: set by `Driver.layer`, and handed on by all wrappers. */
  readonly extents?: ReadonlyArray<Extent> | undefined
  /** Whether values are wanted as JSON text: then they are turned into it at once, and not copied. Default: false. */
  readonly prefersText?: boolean | undefined

  readonly get: (call: Call.Get) => Effect.Effect<ReadonlyArray<Entry | undefined>, ReadError>
  readonly put: (call: Call.Put) => Effect.Effect<void, WriteError>
  readonly delete: (call: Call.Delete) => Effect.Effect<number, WriteError>

  readonly compareAndPut?: (call: Call.CompareAndPut) => Effect.Effect<Call.Swapped, WriteError>
  readonly keys?: (call: Call.Keys) => Effect.Effect<Call.Page, CommonError>
  readonly collections?: (call: Call.Collections) => Effect.Effect<Call.Page, CommonError>
  readonly clear?: (call: Call.Clear) => Effect.Effect<Call.Removed, WriteError>
  readonly removeExpired?: (call: Call.RemoveExpired) => Effect.Effect<Call.Removed, WriteError>
}

/**
 * The collection of a call that names none: `"default_collection"`, as in py-key-value.
 *
 * @since 0.1.0
 */
export const defaultCollection = "default_collection"
