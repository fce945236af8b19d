import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type * as Enumeration from "../Enumeration.ts"
import type {
  CommonError,
  EntryTooLargeError,
  EntryTooSmallError,
  InvalidKeyError,
  ReadError,
  SerializationError,
  StoreError,
  WriteError
} from "../KeyValueError.ts"
import type { PutOptions, UpdateOptions, UpgradeOptions } from "./options.ts"
import type { EntryError, UpdateError } from "./types.ts"

/**
 * The errors of `keys`.
 *
 * @since 0.2.0
 */
export type ListError = CommonError | InvalidKeyError

/**
 * What a collection offers with the capability `Atomic`.
 *
 * @since 0.2.0
 */
export interface AtomicOperations<A, K = string, RD = never, RE = never> {
  /**
   * Replaces the value of a key with the result of a function. Returns the new value.
   *
   * **Details**
   *
   * The function gets `None` if the key is missing. If it returns `None`, the key is deleted (or stays missing). If another
   * writer changes the key in the meantime, the function runs again with the new value, after a short random pause. So it
   * should have no side effects. Fails with `ConflictError` after `maxRetries`. If the function throws, that is a defect, and
   * nothing is written.
   *
   * An existing entry keeps its expiry, and a new entry gets the `ttl` of the collection, unless you set `ttl`.
   *
   * A stored value that does not match the schema fails the call with `DeserializationError`. With `onInvalid: "miss"`, the
   * function gets `None`, and the value that it returns replaces the stored one. If it returns `None` too, the stored value
   * stays.
   *
   * If a limit drops the new value (see `Atomic`), `update` returns the value that the key has afterwards.
   */
  readonly update: (
    key: K,
    f: (current: Option.Option<A>) => Option.Option<A>,
    options?: UpdateOptions
  ) => Effect.Effect<Option.Option<A>, UpdateError, RD | RE>

  /**
   * Like `update`, with a function that returns an effect. If the effect fails, nothing is written.
   *
   * **Gotchas**
   *
   * The effect runs again after each conflict. Between the read and the write, no lock is held: the longer the effect takes,
   * the more often another writer comes between.
   */
  readonly updateEffect: <E, R>(
    key: K,
    f: (current: Option.Option<A>) => Effect.Effect<Option.Option<A>, E, R>,
    options?: UpdateOptions
  ) => Effect.Effect<Option.Option<A>, E | UpdateError, R | RD | RE>

  /**
   * Stores a value if the key is missing. Returns whether the value was stored.
   *
   * **Gotchas**
   *
   * `putIfAbsent` does not read the stored value. With `onInvalid: "miss"`, a key with a value that does not match the schema
   * is still not missing. Use `update` to replace such a value.
   */
  readonly putIfAbsent: (key: K, value: A, options?: PutOptions) => Effect.Effect<boolean, WriteError, RE>

  /**
   * Deletes a key and returns the value that it had. If several callers do so at the same time, only one gets the value.
   *
   * **Details**
   *
   * A value that does not match the schema fails the call with `DeserializationError`, and is not deleted. With
   * `onInvalid: "miss"`, it is deleted, and the result is `None`.
   */
  readonly getAndDelete: (key: K) => Effect.Effect<Option.Option<A>, UpdateError, RD>
}

/**
 * What a collection offers with the capability `Enumeration`.
 *
 * @since 0.2.0
 */
export interface ListingOperations<A, K = string, RD = never> {
  /**
   * Lists the keys. Each key is listed once, and the order is not defined. See `Enumeration.keys`.
   *
   * **Details**
   *
   * `prefix` is compared with the stored key, which is the key after its codec. A stored key that the codec cannot decode
   * fails the stream with `InvalidKeyError`. With `onInvalid: "miss"`, it is left out with a warning.
   */
  readonly keys: (options?: Enumeration.Options) => Stream.Stream<K, ListError>

  /**
   * Lists the keys with their values.
   *
   * **Details**
   *
   * Each page of keys is read with one `getMany` when the stream is pulled that far. So the memory that is needed does not
   * grow with the number of entries, if the store lists keys in pages. An entry that is deleted between the listing of its
   * key and the read is left out. The stream is not a snapshot: a value is as old as the read of its page.
   *
   * An entry that cannot be read fails the stream. With `onInvalid: "miss"`, an entry that does not match the schema is left
   * out with a warning.
   */
  readonly entries: (options?: Enumeration.Options) => Stream.Stream<readonly [key: K, value: A], ReadError, RD>
}

/**
 * What a collection offers with the capability `Maintenance`.
 *
 * @since 0.2.0
 */
export interface ClearingOperations {
  /** Removes all entries of the collection, page by page. Returns how many entries were removed. */
  readonly clear: Effect.Effect<number, WriteError>
}

/**
 * What a collection offers with both `Atomic` and `Enumeration`.
 *
 * @since 0.2.0
 */
export interface UpgradingOperations<RD = never, RE = never> {
  /**
   * Rewrites the values that fit only an older version of the schema (`versions`), so that they fit the current one.
   *
   * **When to use**
   *
   * Use it before you remove an entry from `versions`. When the stream has ended and no entry has `failed`, no value of an
   * older version is left, provided that all processes write with the new schema.
   *
   * **Details**
   *
   * - Entries keep their time of writing and their expiry.
   * - An entry is written only if it has not changed since it was read. A concurrent write is never overwritten.
   * - You can stop at any time and start again later. Entries that fit the current schema are then only read.
   * - A collection of bytes also rewrites the Base64 that effect-kv 0.1 stored.
   *
   * An entry that fits no version, or that cannot be decrypted or decompressed, is listed in `failed` and stays as it is. So
   * does an entry whose upgraded value cannot be stored. The stream fails when the store fails, and with `ConflictError` when
   * other writers changed an entry during each of 100 attempts.
   */
  readonly upgrade: (options?: UpgradeOptions) => Stream.Stream<UpgradeProgress, UpdateError, RD | RE>
}

/**
 * The result of `upgrade` for some entries.
 *
 * @since 0.2.0
 */
export interface UpgradeProgress {
  readonly collection: string
  /** How many entries were rewritten. */
  readonly upgraded: number
  /** How many entries already fit the current schema. */
  readonly current: number
  /** How many entries were deleted or had expired before their turn. */
  readonly gone: number
  /** Why entries were left unchanged. */
  readonly failed: ReadonlyArray<NotUpgraded>
}

/**
 * Why `upgrade` left an entry unchanged: it cannot be read, its upgraded value cannot be stored, or a wrapper of the stack
 * did not store it (`StoreError`).
 *
 * @since 0.2.0
 */
export type NotUpgraded = EntryError | SerializationError | EntryTooLargeError | EntryTooSmallError | StoreError
