/**
 * Re-encrypts the entries of a store with the current key.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Atomic } from "./Atomic.ts"
import { atATime, withPlace } from "./driver/boundary.ts"
import { sameStack } from "./driver/sameStack.ts"
import { type AtomicDriver, type Change, change, isStored } from "./driver/service/change.ts"
import { defaultRetries } from "./driver/service/retries.ts"
import { countsOf, ifDropped, type Outcome } from "./driver/service/rewriting.ts"
import { served } from "./driver/service/served.ts"
import { Enumeration } from "./Enumeration.ts"
import type {
  ConflictError,
  DecompressionError,
  DecryptionError,
  DeserializationError,
  ReadError,
  StoreError,
  WriteError
} from "./KeyValueError.ts"

/**
 * Options of {@link rotate}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Collections to rotate. Default: all collections. */
  readonly collections?: Iterable<string> | undefined
  /**
   * Maximum number of entries per {@link Progress}. It is rounded down, and limited to 10,000. For a number below 1, or
   * `NaN`, the default is used. Default: 100.
   */
  readonly chunkSize?: number | undefined
  /** How many entries are re-encrypted at a time, within the same limits. Default: 16. */
  readonly concurrency?: number | undefined
}

/**
 * The result for some entries of a collection.
 *
 * @since 0.1.0
 */
export interface Progress {
  readonly collection: string
  /** How many entries were re-encrypted. */
  readonly rotated: number
  /** How many entries already had the current key and envelope. */
  readonly current: number
  /** How many entries were deleted or had expired before their turn. */
  readonly gone: number
  /** Why entries were left unchanged: they cannot be read, or a wrapper of the stack did not store them. */
  readonly failed: ReadonlyArray<Unreadable>
}

/**
 * Why an entry was left unchanged.
 *
 * @since 0.1.0
 */
export type Unreadable = DecryptionError | DecompressionError | DeserializationError | StoreError

/**
 * Re-encrypts entries that have another key, another envelope or (with `allowPlaintext`) no encryption. They get the current
 * key and the configured envelope.
 *
 * **When to use**
 *
 * Use it after you have put a new key first in the `keys` of `FernetEncryption` or `Aead`, and all processes write with it.
 * Before that, all processes must have the new key after the old one. Otherwise those without it fail with `wrong-key`.
 * When the stream has ended and no entry has `failed`, you can remove the old key.
 *
 * **Details**
 *
 * - Entries keep their value, their time of writing and their expiry.
 * - An entry is written only if it has not changed since it was read (`Atomic`). So a concurrent write is never overwritten
 *   with an older value. If a process with an older configuration changes the entry in the meantime, that entry is
 *   re-encrypted.
 * - You can stop at any time, by interruption or by taking no more of the stream, and start again later. Entries with the
 *   current key are then only read. With `collections`, you can continue where you stopped.
 * - Provide the layer at the level of the encryption, below `Compression`, `LimitSize` and `TtlClamp`. Values are read and
 *   written at the level of the layer that you provide.
 *
 * **Errors**
 *
 * The stream fails when the store fails, and with `ConflictError` when other writers changed an entry during each of
 * 100 attempts.
 *
 * An entry that cannot be read is listed in `failed`, and the rotation goes on. An entry that a wrapper did not store, such
 * as `ReadOnly` with `"ignore"`, is listed with a `StoreError`.
 *
 * **Gotchas**
 *
 * With `onDecryptionError: "miss"`, entries that cannot be decrypted are counted as `gone`.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Redacted, Stream } from "effect"
 * import { Aead, Rotation } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * declare const [oldKey, newKey]: [string, string]
 *
 * const Encrypted = Redis.layer().pipe(
 *   Aead.wrap({
 *     keys: [
 *       { id: "2026-11", key: Redacted.make(newKey) },
 *       { id: "2025-11", key: Redacted.make(oldKey) }
 *     ]
 *   })
 * )
 *
 * const program = Rotation.rotate().pipe(
 *   Stream.runForEach(({ collection, rotated, failed }) =>
 *     Effect.logInfo(`${collection}: ${rotated} re-encrypted, ${failed.length} left unchanged`)
 *   ),
 *   Effect.provide(Encrypted)
 * )
 * ```
 *
 * @since 0.1.0
 */
export const rotate = (
  options: Options = {}
): Stream.Stream<Progress, ReadError | WriteError | ConflictError, Enumeration | Atomic> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const atomic = yield* Atomic
      const enumeration = yield* Enumeration
      yield* Effect.orDie(sameStack("Rotation", atomic, enumeration))
      const { driver } = served(atomic.driver)
      const chunkSize = atATime(options.chunkSize, 100)
      const concurrency = atATime(options.concurrency, 16)
      const collections = options.collections ? Stream.fromIterable(options.collections) : enumeration.collections()
      return Stream.flatMap(collections, (collection) =>
        enumeration.keys({ collection }).pipe(
          Stream.grouped(chunkSize),
          Stream.mapEffect((keys) =>
            Effect.map(
              Effect.forEach(keys, (key) => rotateOne(driver, collection, key), { concurrency }),
              (outcomes) => summary(collection, outcomes)
            )
          )
        )
      )
    })
  )

const rotateOne = (
  driver: AtomicDriver,
  collection: string,
  key: string
): Effect.Effect<Outcome<Unreadable>, ReadError | WriteError | ConflictError> =>
  withPlace(driver, "rotate", [key], { collection }, (place) =>
    change(
      driver,
      place,
      { maxRetries: defaultRetries, expiry: true },
      (current): Effect.Effect<Change<Outcome<Unreadable>>> => {
        if (!isStored(current)) return Effect.succeed({ answer: "gone" })
        if (!current.needsRotation) return Effect.succeed({ answer: "current" })
        const { payload, createdAt, expiresAt } = current
        const write = { entry: { payload, createdAt, expiresAt }, keepsExpiry: true }
        return Effect.succeed({ answer: "rewritten", write, ifDropped: ifDropped(place) })
      }
    )
  ).pipe(
    Effect.catchTag(["DecryptionError", "DecompressionError", "DeserializationError"], (error) =>
      Effect.succeed<Outcome<Unreadable>>(error)
    )
  )

const summary = (collection: string, outcomes: ReadonlyArray<Outcome<Unreadable>>): Progress => {
  const { rewritten, ...others } = countsOf(outcomes)
  return { collection, rotated: rewritten, ...others }
}
