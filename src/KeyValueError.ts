/**
 * Every error that a store, a wrapper or a collection can fail with.
 *
 * **Details**
 *
 * Errors are tagged classes, to be handled with `Effect.catchTag`. Each has the `operation`, its
 * `collection` and `keys` (as the application named them, without prefixes that the stack adds), and two properties for
 * policies:
 *
 * - `retryable`: whether the same call may succeed when it is made again.
 * - `outcome`, for writes: `"not-applied"` if the store is certainly unchanged, `"unknown"` if the write may have been
 *   applied. It is `undefined` for reads.
 *
 * {@link ReadError} and {@link WriteError} are all errors of reads and of writes. So the compiler knows, for example, that a
 * `get` never fails with `ReadOnlyError`.
 *
 * `message` is safe to log and to send to others. It has the operation, the collection, the number of keys and the reason,
 * but no key, no value, no password and nothing that the backend quotes. `console.log`, `JSON.stringify` and Effect's
 * loggers show no more (`toJSON`). Keys are in `keys`, and the backend's own error is in `cause`.
 *
 * **Gotchas**
 *
 * - `keys`, `key`, `ttl`, `path` and `cause` are for your program, not for logs: keys may be session ids, `path` has the names
 *   of the value's fields, and `cause` may quote a key (a file's path has its name). Redis' replies are stripped of what was
 *   sent.
 * - `Cause.pretty` prints the `cause` of an error, too. So do Effect's loggers when they are given a `Cause`, `runMain`, and
 *   exporters of spans that you open (`Effect.withSpan`; those of `Tracing` have no cause). Log `error.message`, and handle
 *   errors inside of such a span, where keys are secret.
 * - Collections are in messages, logs, metrics and spans. Do not name them after secrets.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { failure, outcomeAt, unappliedFailure } from "./errors/failure.ts"
import { type Outcome, type Place, where } from "./errors/place.ts"

export type { Operation, Outcome, Place } from "./errors/place.ts"

/** A step of a path: a field that is an identifier, an index, or any other field. */
const pathStep = /\.[^.[\]]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\]/g

/** Fields that are plain words. The names of others may be data, such as session ids. */
const plainField = /^(\.[A-Za-z_$]{1,32}\d{0,2}|\.…|\[\d+\])$/

const shownPath = (path: string): string => path.replace(pathStep, (step) => (plainField.test(step) ? step : "[…]"))

/**
 * The backend could not be reached, or was not ready: connection refused or lost, loading, failing over, busy.
 *
 * **Details**
 *
 * Retryable, unless the layer is closed (`isClosed`). A write's `outcome` is `"unknown"` once the request may have been sent, `"not-applied"` before.
 *
 * @since 0.1.0
 */
export class StoreUnavailableError extends failure("StoreUnavailableError")<
  Place & { readonly reason: string; readonly sent: boolean; readonly cause?: unknown; readonly isClosed?: boolean }
> {
  get retryable(): boolean {
    return this.isClosed !== true
  }
  get outcome(): Outcome | undefined {
    return outcomeAt(this, this.sent ? "unknown" : "not-applied")
  }
  override get message(): string {
    if (this.isClosed) return `${where(this)}: ${this.reason}. Keep its scope open for as long as the service is used.`
    return `${where(this)}: the store is unavailable (${this.reason}).`
  }
}

/**
 * The backend refused the operation: wrong type, out of memory, disk full, no permission.
 *
 * **Details**
 *
 * Not retryable. A write's `outcome` is `"not-applied"`, or `"unknown"` if it may have been applied (`maybeApplied`: a batch
 * that was refused half-way, a disk that failed at the end).
 *
 * @since 0.1.0
 */
export class StoreError extends failure("StoreError")<
  Place & { readonly reason: string; readonly maybeApplied?: boolean; readonly cause?: unknown }
> {
  readonly retryable = false
  get outcome(): Outcome | undefined {
    return outcomeAt(this, this.maybeApplied ? "unknown" : "not-applied")
  }
  override get message(): string {
    const applied = this.outcome === "unknown" ? " Some of it may have been applied." : ""
    return `${where(this)}: the store refused (${this.reason}).${applied}`
  }
}

/**
 * A layer could not be built: an option is wrong, or the backend did not answer in time.
 *
 * **Details**
 *
 * Only layers fail with it, never an operation.
 *
 * @since 0.1.0
 */
export class StoreSetupError extends failure("StoreSetupError")<{
  /** The store or wrapper that could not be set up, such as `"Redis"`. */
  readonly module: string
  readonly reason: string
  readonly cause?: unknown
}> {
  readonly retryable = false
  override get message(): string {
    return `${this.module}: ${this.reason}`
  }
}

/**
 * The operation took longer than the `Timeout` or `Deadline` around it allows.
 *
 * **Gotchas**
 *
 * A write's `outcome` is `"unknown"`: it may still be applied after this error. It is `"not-applied"` if no time was left when
 * it began (`sent: false`), and if only the read of an `update` had begun.
 *
 * @since 0.1.0
 */
export class TimeoutError extends failure("TimeoutError")<
  Place & { readonly duration: Duration.Duration; readonly sent?: boolean }
> {
  readonly retryable = true
  get outcome(): Outcome | undefined {
    return outcomeAt(this, this.sent === false ? "not-applied" : "unknown")
  }
  override get message(): string {
    if (this.sent === false) return `${where(this)}: no time was left for it.`
    const write = this.outcome === "unknown" ? " The write may still be applied." : ""
    return `${where(this)}: no answer within ${Duration.format(this.duration)}.${write}`
  }
}

/**
 * A key, collection or prefix that no store can hold: too long, not well-formed Unicode, or no string.
 *
 * @since 0.1.0
 */
export class InvalidKeyError extends unappliedFailure("InvalidKeyError")<
  Place & { readonly reason: string; readonly cause?: unknown }
> {
  readonly retryable = false
  override get message(): string {
    return `${where(this)}: ${this.reason}.`
  }
}

/**
 * A TTL that is zero, negative, not a number, or beyond the year 9999.
 *
 * @since 0.1.0
 */
export class InvalidTtlError extends failure("InvalidTtlError")<
  Place & { readonly ttl: unknown; readonly reason: string }
> {
  readonly retryable = false
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: ${this.reason}. Leave the TTL out, or use "Infinity", for an entry that does not expire.`
  }
}

/**
 * A value that is neither JSON nor bytes, that throws when it is read, or that does not fit the collection's schema.
 *
 * @since 0.1.0
 */
export class SerializationError extends failure("SerializationError")<
  Place & {
    /** Where in the value, such as `$.user.tags[2]`. In the message, fields that are no plain words are `[…]`. */
    readonly path: string
    readonly reason: string
    readonly cause?: unknown
  }
> {
  readonly retryable = false
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: the value cannot be stored: ${this.reason} at ${shownPath(this.path)}.`
  }
}

/**
 * The stored value cannot be read: it is not an entry of this library, or does not fit the collection's schema.
 *
 * @since 0.1.0
 */
export class DeserializationError extends unappliedFailure("DeserializationError")<
  Place & { readonly reason: string; readonly cause?: unknown }
> {
  readonly retryable = false
  override get message(): string {
    return `${where(this)}: what is stored cannot be read: ${this.reason}.`
  }
}

/**
 * A write to a store that is `ReadOnly`.
 *
 * @since 0.1.0
 */
export class ReadOnlyError extends failure("ReadOnlyError")<Place> {
  readonly retryable = false
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: this store is read-only.`
  }
}

/**
 * A value that is larger than a wrapper allows or a store can hold: the `maxSize` of `LimitSize`, the
 * `maxDecompressedSize` of `Compression`, what fits into the JSON envelope of `Compression` or `FernetEncryption`, the
 * server's own limit with `Redis`, the longest string with `EffectStore`.
 *
 * **Details**
 *
 * `size` and `maxSize` are bytes: of the value's UTF-8 JSON, or of what the store would have to hold. `limitedBy` names the
 * wrapper or store.
 *
 * @since 0.1.0
 */
export class EntryTooLargeError extends failure("EntryTooLargeError")<
  Place & { readonly size: number; readonly maxSize: number; readonly limitedBy?: string | undefined }
> {
  readonly retryable = false
  readonly outcome = "not-applied"
  override get message(): string {
    const limit = this.limitedBy === undefined ? "the limit" : `the limit of ${this.limitedBy}`
    return `${where(this)}: the value has ${this.size} bytes, ${limit} is ${this.maxSize}.`
  }
}

/**
 * A value smaller than `LimitSize` allows. Sizes are bytes of the UTF-8 JSON.
 *
 * @since 0.1.0
 */
export class EntryTooSmallError extends failure("EntryTooSmallError")<
  Place & { readonly size: number; readonly minSize: number }
> {
  readonly retryable = false
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: the value has ${this.size} bytes, the least is ${this.minSize}.`
  }
}

/**
 * A value could not be encrypted. Nothing was stored.
 *
 * @since 0.1.0
 */
export class EncryptionError extends failure("EncryptionError")<
  Place & { readonly reason: string; readonly cause?: unknown }
> {
  readonly retryable = false
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: the value could not be encrypted (${this.reason}). Nothing was stored.`
  }
}

/**
 * Why a value could not be decrypted.
 *
 * - `"wrong-key"`: no key of the ring fits. (Fernet cannot tell another key from altered data.)
 * - `"altered"`: the key is there, but what it authenticates was changed or cut (Aead).
 * - `"moved"`: it was encrypted for another store, collection or key (Aead).
 * - `"revived"`: it would live longer than it was encrypted for (Aead).
 * - `"too-old"`, `"in-future"`: it was encrypted longer ago than `maxAge`, or not yet (Fernet).
 * - `"corrupted"`: not in the form of an encrypted value any more.
 * - `"not-encrypted"`: plaintext, or encrypted by another wrapper, where only its own encryption is accepted.
 * - `"unsupported-version"`: written by a version of the format that this one does not know.
 *
 * @since 0.1.0
 */
export type DecryptionReason =
  | "wrong-key"
  | "altered"
  | "moved"
  | "revived"
  | "too-old"
  | "in-future"
  | "corrupted"
  | "not-encrypted"
  | "unsupported-version"

/**
 * A stored value could not be decrypted, or was not encrypted where it had to be.
 *
 * @since 0.1.0
 */
export class DecryptionError extends unappliedFailure("DecryptionError")<
  Place & { readonly reason: DecryptionReason; readonly cause?: unknown }
> {
  readonly retryable = false
  override get message(): string {
    return `${where(this)}: the stored value could not be decrypted (${this.reason}).`
  }
}

/**
 * A stored value could not be decompressed: it is damaged, of an unknown algorithm, or larger than allowed.
 *
 * @since 0.1.0
 */
export class DecompressionError extends unappliedFailure("DecompressionError")<
  Place & { readonly reason: string; readonly cause?: unknown }
> {
  readonly retryable = false
  override get message(): string {
    return `${where(this)}: the stored value could not be decompressed (${this.reason}).`
  }
}

/**
 * A key that had to be there is missing or expired: `Collection`'s `getOrFail`.
 *
 * @since 0.1.0
 */
export class MissingKeyError extends failure("MissingKeyError")<Place & { readonly key: string }> {
  readonly retryable = false
  override get message(): string {
    return `${where(this)}: there is no such key.`
  }
}

/**
 * `Atomic.update` lost against other writers more often than its retries allow.
 *
 * @since 0.1.0
 */
export class ConflictError extends failure("ConflictError")<Place & { readonly attempts: number }> {
  readonly retryable = true
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: other writers changed the key during each of ${this.attempts} attempts.`
  }
}

/**
 * A circuit breaker is open: the store failed too often, and is left alone until `retryAfter` has passed.
 *
 * **Details**
 *
 * `retryAfter` is zero while a call is under way that finds out whether the store is back.
 *
 * @since 0.1.0
 */
export class CircuitOpenError extends unappliedFailure("CircuitOpenError")<
  Place & { readonly retryAfter: Duration.Duration }
> {
  readonly retryable = true
  override get message(): string {
    return Duration.isZero(this.retryAfter)
      ? `${where(this)}: the circuit is half-open, until it is known whether the store is back.`
      : `${where(this)}: the circuit is open for another ${Duration.format(this.retryAfter)}.`
  }
}

/**
 * Too many calls are running and waiting already, or this one has `waited` for its turn for as long as it may.
 *
 * @since 0.1.0
 */
export class BulkheadFullError extends unappliedFailure("BulkheadFullError")<
  Place & {
    /** How many calls may run and wait. */
    readonly limit: number
    readonly waited?: Duration.Duration
  }
> {
  readonly retryable = true
  override get message(): string {
    return this.waited === undefined
      ? `${where(this)}: ${this.limit} calls are running or waiting already.`
      : `${where(this)}: too many calls are running, and it was not its turn within ${Duration.format(this.waited)}.`
  }
}

/**
 * More calls than the rate limit allows. One is allowed again after `retryAfter`.
 *
 * @since 0.1.0
 */
export class RateLimitedError extends unappliedFailure("RateLimitedError")<
  Place & { readonly retryAfter: Duration.Duration }
> {
  readonly retryable = true
  override get message(): string {
    return `${where(this)}: over the rate limit. The next call is allowed in ${Duration.format(this.retryAfter)}.`
  }
}

/**
 * What any operation can fail with, and so what a wrapper made with `Driver.around` may add to it.
 *
 * @since 0.1.0
 */
export type CommonError =
  | StoreUnavailableError
  | StoreError
  | TimeoutError
  | CircuitOpenError
  | BulkheadFullError
  | RateLimitedError

/**
 * What a read can fail with: `get`, `getMany`, `ttl`, `ttlMany`, and the streams of `Enumeration`.
 *
 * @since 0.1.0
 */
export type ReadError = CommonError | InvalidKeyError | DeserializationError | DecryptionError | DecompressionError

/**
 * What a write can fail with: `put`, `putMany`, `delete`, `deleteMany`, `clear`.
 *
 * @since 0.1.0
 */
export type WriteError =
  | CommonError
  | InvalidKeyError
  | InvalidTtlError
  | SerializationError
  | ReadOnlyError
  | EntryTooLargeError
  | EntryTooSmallError
  | EncryptionError

/**
 * Every error of an operation.
 *
 * @since 0.1.0
 */
export type KeyValueError = ReadError | WriteError | MissingKeyError | ConflictError
