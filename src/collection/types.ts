import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Atomic from "../Atomic.ts"
import type { ValueWithTtl } from "../Entry.ts"
import type {
  DecompressionError,
  DecryptionError,
  DeserializationError,
  MissingKeyError,
  ReadError,
  WriteError
} from "../KeyValueError.ts"
import type { LeasedError } from "../lease/loadOnce.ts"
import type { GetOrSetManyOptions, GetOrSetOptions, PutOptions } from "./options.ts"

/**
 * The errors of `getOrFail`.
 *
 * @since 0.2.0
 */
export type GetError = ReadError | MissingKeyError

/**
 * The errors of `getOrSet` and `getOrSetMany`, besides those of the load.
 *
 * @since 0.2.0
 */
export type GetOrSetError = ReadError | WriteError

/**
 * The errors of `touch`, `update`, `updateEffect`, `getAndDelete` and `upgrade`.
 *
 * @since 0.2.0
 */
export type UpdateError = Atomic.UpdateError

/**
 * Why one entry cannot be read, although the store answers: it cannot be decrypted, decompressed or decoded.
 *
 * @since 0.2.0
 */
export type EntryError = DecryptionError | DecompressionError | DeserializationError

/**
 * A collection of values of type `A` under keys of type `K`. `RD` and `RE` are the services that the schema needs to decode
 * and to encode values.
 *
 * **Details**
 *
 * - A read fails with `DeserializationError` if the stored value does not match the schema, unless `onInvalid` is `"miss"`.
 * - A write fails with `SerializationError` if the value does not match the schema.
 * - Both fail with `InvalidKeyError` if the key does not match its schema.
 *
 * The `cause` of the first two errors is the `SchemaError`. Reads and writes fail with the same errors for a value that
 * contains itself, that is nested too deeply for the schema, or that throws when it is read.
 *
 * @since 0.1.0
 */
export interface Collection<A, K = string, RD = never, RE = never> {
  /** The collection's name in the store. */
  readonly collection: string

  /** Returns the value of a key, or `None` if the key is missing or expired. */
  readonly get: (key: K) => Effect.Effect<Option.Option<A>, ReadError, RD>

  /** Returns the value of a key. Fails with `MissingKeyError` if the key is missing. */
  readonly getOrFail: (key: K) => Effect.Effect<A, GetError, RD>

  /** Returns the value of a key, or the result of `orElse` if the key is missing. */
  readonly getOrElse: <B>(key: K, orElse: () => B) => Effect.Effect<A | B, ReadError, RD>

  /** Returns the values of several keys, in the order of the keys. Takes one round trip if the store supports it. */
  readonly getMany: (keys: Iterable<K>) => Effect.Effect<ReadonlyArray<Option.Option<A>>, ReadError, RD>

  /**
   * Returns the result of each key, in the order of the keys. A damaged entry does not fail the others.
   *
   * **Details**
   *
   * An entry that cannot be decrypted, decompressed or decoded is a `Failure` at its position. With `onInvalid: "miss"`, a
   * value that does not match the schema is a miss, as in `getMany`. If the store fails, the whole call fails.
   *
   * The collection reads all keys in one batch. If decryption or decompression of an entry fails, the batch is split in
   * halves, so `k` such entries among `n` take about `2 k log2(n)` more calls.
   */
  readonly getManyResults: (
    keys: Iterable<K>
  ) => Effect.Effect<ReadonlyArray<Result.Result<Option.Option<A>, EntryError>>, ReadError, RD>

  /** Returns the value of a key and its remaining TTL. */
  readonly ttl: (key: K) => Effect.Effect<Option.Option<ValueWithTtl<A>>, ReadError, RD>

  /** Returns the values of several keys and their remaining TTLs, in the order of the keys. */
  readonly ttlMany: (keys: Iterable<K>) => Effect.Effect<ReadonlyArray<Option.Option<ValueWithTtl<A>>>, ReadError, RD>

  /** Stores a value. It replaces both the old value and the old TTL. */
  readonly put: (key: K, value: A, options?: PutOptions) => Effect.Effect<void, WriteError, RE>

  /**
   * Stores several values, with one TTL or with a TTL for each: `[key, value, { ttl: "1 hour" }]`. If one of them does not
   * match the schema, nothing is stored.
   */
  readonly putMany: (
    entries: Iterable<readonly [key: K, value: A, options?: PutOptions | undefined]>,
    options?: PutOptions
  ) => Effect.Effect<void, WriteError, RE>

  /**
   * Returns whether a key has an entry.
   *
   * **Gotchas**
   *
   * `has` does not decode the value. It is `true` even if `onInvalid` is `"miss"` and the value does not match the schema.
   */
  readonly has: (key: K) => Effect.Effect<boolean, ReadError>

  /**
   * Gives the entry of a key a new TTL, which begins now, and keeps its value. Returns `false` if the key is missing.
   *
   * **Details**
   *
   * Without `ttl`, the entry gets the `ttl` of the collection. If the collection has none, or with `"Infinity"`, the entry
   * never expires. See `KeyValue.touch` for what happens if others write the key at the same time.
   */
  readonly touch: (key: K, options?: PutOptions) => Effect.Effect<boolean, UpdateError>

  /** Deletes a key. Returns whether it existed. */
  readonly delete: (key: K) => Effect.Effect<boolean, WriteError>

  /** Deletes several keys. Returns how many of them existed. */
  readonly deleteMany: (keys: Iterable<K>) => Effect.Effect<number, WriteError>

  /**
   * Returns the value of a key. If the key is missing, runs `load` and stores its result.
   *
   * **Details**
   *
   * Callers that ask for a key while it is being loaded share one load: see `KeyValue.getOrSet`. With `onInvalid: "miss"`, a
   * stored value that does not match the schema is replaced, if it is still stored when the load ends.
   *
   * With `lease`, one process at a time loads a key. The call then fails with `StoreSetupError` if `lease` is not valid, or if
   * the store has no `Atomic`.
   */
  readonly getOrSet: <E, R, L extends Duration.Input = never>(
    key: K,
    load: Effect.Effect<A, E, R>,
    options?: GetOrSetOptions<A, K, L>
  ) => Effect.Effect<A, E | GetOrSetError | LeasedError<L>, Exclude<R, Scope.Scope> | RD | RE>

  /**
   * Returns the values of several keys, in the order of the keys. Loads the values that are missing with one call of `load`,
   * and stores them.
   *
   * **Details**
   *
   * `load` gets the missing keys, each once, and returns pairs of key and value, such as a `Map`. A key that it does not return
   * stays missing. Pairs of other keys are ignored. See `KeyValue.getOrSetMany`.
   */
  readonly getOrSetMany: <E, R>(
    keys: Iterable<K>,
    load: (missing: ReadonlyArray<K>) => Effect.Effect<Iterable<readonly [key: K, value: A]>, E, R>,
    options?: GetOrSetManyOptions<A, K>
  ) => Effect.Effect<ReadonlyArray<Option.Option<A>>, E | GetOrSetError, Exclude<R, Scope.Scope> | RD | RE>
}
