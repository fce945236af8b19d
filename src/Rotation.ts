/**
 * Encrypting anew what a store holds, under the current key.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Atomic } from "./Atomic.ts"
import { atATime, withPlace } from "./driver/boundary.ts"
import type { Drop } from "./driver/Call.ts"
import { type AtomicDriver, type Change, change, isStored } from "./driver/service/change.ts"
import { served } from "./driver/service/served.ts"
import { Enumeration } from "./Enumeration.ts"
import { KeyValue } from "./KeyValue.ts"
import {
  type ConflictError,
  type DecompressionError,
  type DecryptionError,
  type DeserializationError,
  type ReadError,
  StoreError,
  type WriteError
} from "./KeyValueError.ts"

/**
 * Options of {@link rotate}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Which collections. Default: all of the store. */
  readonly collections?: Iterable<string> | undefined
  /**
   * How many entries each {@link Progress} is about, at most: rounded down, and at most 10,000. Less than 1, or `NaN`, is the
   * default. Default: 100.
   */
  readonly chunkSize?: number | undefined
  /** How many entries are worked on at a time, within the same limits. Default: 16. */
  readonly concurrency?: number | undefined
}

/**
 * What became of some entries of a collection.
 *
 * @since 0.1.0
 */
export interface Progress {
  readonly collection: string
  /** How many were encrypted anew. */
  readonly rotated: number
  /** How many were under the current key already. */
  readonly current: number
  /** How many had gone (or expired) by the time that it was their turn. */
  readonly gone: number
  /** Those that were left as they are, because they cannot be read or a wrapper of the stack did not store them. */
  readonly failed: ReadonlyArray<Unreadable>
}

/**
 * Why an entry was left as it is.
 *
 * @since 0.1.0
 */
export type Unreadable = DecryptionError | DecompressionError | DeserializationError | StoreError

/**
 * Encrypts anew, under the current key and in the configured envelope, what is stored under another key, in another
 * envelope or (with `allowPlaintext`) in plaintext.
 *
 * **When to use**
 *
 * Use it after a new key was put in front of the ring of `FernetEncryption` or `Aead`, and all processes write with it.
 * When it has come to its end with nothing `failed`, the old key can go.
 *
 * **Details**
 *
 * - Entries keep their value, their time of writing and their expiry.
 * - An entry is written only if it is still the one that was read (by the store's `Atomic`): a concurrent write is never
 *   overwritten with an older value, and what a process with an older configuration writes meanwhile is encrypted anew
 *   in its turn.
 * - Stop it at any time, by interruption or by taking no more of the stream, and start it again: what is under the
 *   current key is only read. With `collections`, it can go on where it was.
 * - Values are worked on at the level of the stack that is provided. The best is that of the encryption itself, below
 *   `Compression`, `LimitSize` and `TtlClamp`.
 *
 * An entry that cannot be read is one of `failed`, and the others go on. So is one that a wrapper did not store, such as
 * `ReadOnly` with `"ignore"`: its error is a `StoreError`. Fails when the store does, or with
 * `ConflictError` when other writers changed an entry during each of 100 attempts.
 *
 * **Gotchas**
 *
 * With `onDecryptionError: "miss"`, what cannot be decrypted is `gone`.
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
 *     Effect.logInfo(`${collection}: ${rotated} encrypted anew, ${failed.length} cannot be read`)
 *   ),
 *   Effect.provide(Encrypted)
 * )
 * ```
 *
 * @since 0.1.0
 */
export const rotate = (
  options: Options = {}
): Stream.Stream<Progress, ReadError | WriteError | ConflictError, KeyValue | Enumeration | Atomic> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { driver } = served((yield* KeyValue).driver as AtomicDriver)
      const enumeration = yield* Enumeration
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

const notStored = "a wrapper of the stack did not store the entry"

type Outcome = "rotated" | "current" | "gone" | Unreadable

const rotateOne = (
  driver: AtomicDriver,
  collection: string,
  key: string
): Effect.Effect<Outcome, ReadError | WriteError | ConflictError> =>
  withPlace(driver, "rotate", [key], { collection }, (place) =>
    change(driver, place, { maxRetries: 100, expiry: true }, (current): Effect.Effect<Change<Outcome>> => {
      if (!isStored(current)) return Effect.succeed({ answer: "gone" })
      if (!current.needsRotation) return Effect.succeed({ answer: "current" })
      const { payload, createdAt, expiresAt } = current
      const write = { entry: { payload, createdAt, expiresAt }, keepsExpiry: true }
      const ifDropped = (drop: Drop) =>
        Effect.succeed<Outcome>(drop === "delete" ? "gone" : new StoreError({ ...place, reason: notStored }))
      return Effect.succeed({ answer: "rotated", write, ifDropped })
    })
  ).pipe(
    Effect.catchTag(["DecryptionError", "DecompressionError", "DeserializationError"], (error) =>
      Effect.succeed<Outcome>(error)
    )
  )

const summary = (collection: string, outcomes: ReadonlyArray<Outcome>): Progress => {
  const count = (name: Outcome) => outcomes.filter((outcome) => outcome === name).length
  return {
    collection,
    rotated: count("rotated"),
    current: count("current"),
    gone: count("gone"),
    failed: outcomes.filter((outcome) => typeof outcome !== "string")
  }
}
