import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Result from "effect/Result"
import type {
  DeserializationError,
  InvalidKeyError,
  ReadError,
  SerializationError,
  StoreUnavailableError,
  TimeoutError,
  WriteError
} from "../KeyValueError.ts"

/**
 * The errors of {@link LoadingCache.get}. `E` are those of the lookup. `S` are those of the store, with
 * `onStoreFailure: "fail"`.
 *
 * **Details**
 *
 * - `TimeoutError`: the lookup took longer than `hardTimeout` or the caller's time budget, and nothing stale was there.
 * - `InvalidKeyError`: a key or a tag is not valid.
 * - `SerializationError`, `DeserializationError`: the lookup returned a value that does not match the schema.
 * - `StoreUnavailableError`: the layer is closed.
 *
 * @since 0.2.0
 */
export type GetError<E, S = never> =
  | E
  | S
  | TimeoutError
  | InvalidKeyError
  | SerializationError
  | DeserializationError
  | StoreUnavailableError

/**
 * The errors of {@link LoadingCache.set}.
 *
 * @since 0.2.0
 */
export type SetError = ReadError | WriteError

/**
 * A list, a set or another iterable that is no string: a single key or tag would be taken for several, one for each character.
 *
 * @since 0.2.0
 */
export type Several<A> = Iterable<A> & object

/**
 * A cache of values of type `A` under keys of type `K`. `E` are the errors of the lookup, and `S` those of the store that
 * `get` fails with.
 *
 * @since 0.2.0
 */
export interface LoadingCache<A, K = string, E = never, S = never> {
  /** The collection's name in the store. */
  readonly collection: string

  /**
   * Returns the value of a key: from the store if it is fresh, from a lookup otherwise.
   *
   * **Details**
   *
   * - Callers that ask for a key at the same time share one lookup. The lookup goes on when they have left, and its value is
   *   stored.
   * - A stale value (older than `ttl`, but not older than `ttl` and `staleFor`) is returned at once, and a lookup runs in the
   *   background. With `softTimeout`, the caller waits for that lookup, but not longer.
   * - If a lookup fails, the caller gets the stale value if there is one, and the lookup's error otherwise.
   * - If the store fails, the lookup runs, unless `onStoreFailure` is `"fail"`.
   *
   * **Gotchas**
   *
   * If a lookup gets its own key from the cache, directly or through other lookups, the call dies with a defect.
   */
  readonly get: (key: K) => Effect.Effect<A, GetError<E, S>>

  /**
   * Returns the values of several keys, in the order of the keys. Fails with the error of the first key that has one.
   *
   * **Details**
   *
   * Takes one read of the store and one call of `lookupMany` for all keys that are missing. Without `lookupMany`, up to
   * `maxConcurrentLookups` lookups run at a time.
   */
  readonly getMany: (keys: Iterable<K>) => Effect.Effect<ReadonlyArray<A>, GetError<E, S>>

  /** Like `getMany`, with a result for each key, so that an error of one key does not hide the values of the others. */
  readonly getManyResults: (
    keys: Iterable<K>
  ) => Effect.Effect<ReadonlyArray<Result.Result<A, GetError<E>>>, GetError<never, S>>

  /** Returns the value of a key if it is stored and fresh. Never runs a lookup. Fails if the store fails. */
  readonly peek: (key: K) => Effect.Effect<Option.Option<A>, ReadError>

  /** Stores a value. Lookups of the key that are under way do not overwrite it. */
  readonly set: (key: K, value: A) => Effect.Effect<void, SetError>

  /** Runs a lookup that begins now, stores its value and returns it. Fails if the lookup fails, even if a value is stored. */
  readonly refresh: (key: K) => Effect.Effect<A, GetError<E>>

  /**
   * Makes the value of a key missing. Lookups that are under way do not store their values.
   *
   * **Gotchas**
   *
   * If it fails, the old value may still be returned: try again. In a store without `Atomic`, a lookup of another process
   * that ends at the very moment of the invalidation can overwrite it.
   */
  readonly invalidate: (key: K) => Effect.Effect<void, WriteError>

  /** Makes the values of several keys missing, by one write for each 1,000 keys. */
  readonly invalidateMany: (keys: Several<K>) => Effect.Effect<void, WriteError>

  /** Makes the values that have one of these tags missing, however many there are, by one write for each tag and another. */
  readonly invalidateTags: (tags: Several<string>) => Effect.Effect<void, WriteError>

  /** Makes all values of the collection missing, by one write. */
  readonly invalidateAll: Effect.Effect<void, WriteError>
}
