/**
 * The errors of stores, wrappers and collections.
 *
 * **Details**
 *
 * Errors are tagged classes. Handle them with `Effect.catchTag`. Each error has the `operation`, its `collection` and
 * its `keys` (as the application named them, without the prefixes that the stack adds), and two properties for
 * policies:
 *
 * - `retryable`: whether the same call may succeed if it is repeated.
 * - `outcome`, for writes: `"not-applied"` if the store is certainly unchanged, `"unknown"` if the write may have been
 *   applied. It is `undefined` for reads.
 *
 * {@link ReadError} lists the errors of reads, and {@link WriteError} those of writes. So the compiler knows, for
 * example, that a `get` never fails with `ReadOnlyError`.
 *
 * `message` is safe to log and to send to others. It contains the operation, the collection, the number of keys and the
 * reason, but no key, no value, no password and no text that the backend quotes. `console.log`, `JSON.stringify` and
 * Effect's loggers show the same (`toJSON`). `keys` contains the keys, and `cause` the backend's own error.
 *
 * **Gotchas**
 *
 * - Use `keys`, `key`, `ttl`, `path` and `cause` in your program, but do not log them. Keys may be session ids, `path`
 *   contains names of the value's fields, and `cause` may quote a key (the path of a file contains the key). The
 *   `cause` of an error of Redis contains nothing that was sent to the server.
 * - `Cause.pretty` also prints the `cause` of an error. So do `runMain`, Effect's loggers if you pass them a `Cause`,
 *   and exporters of spans that you open with `Effect.withSpan` (spans of `Tracing` contain no cause). If your keys are
 *   secret, log `error.message`, and handle errors inside the span.
 * - Messages, logs, metrics and spans contain the collection. Do not use secrets as names of collections.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { failure, outcomeAt, unappliedFailure } from "./errors/failure.ts"
import { type Outcome, type Place, where } from "./errors/place.ts"

export type { Operation, Outcome, Place } from "./errors/place.ts"

/** A step of a path: a field with a plain name, an index, or a field with any other name. */
const pathStep = /\.[^.[\]]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\]/g

/** Fields whose names are plain words. Other names may be data, such as session ids. */
const plainField = /^(\.[A-Za-z_$]{1,32}\d{0,2}|\.…|\[\d+\])$/

const shownPath = (path: string): string => path.replace(pathStep, (step) => (plainField.test(step) ? step : "[…]"))

/**
 * The backend cannot be reached or is not ready: the connection was refused or lost, or the server is loading, failing
 * over or busy.
 *
 * **Details**
 *
 * Retryable, unless the layer is closed (`isClosed`). The `outcome` of a write is `"unknown"` if the request may have
 * been sent, otherwise `"not-applied"`.
 *
 * **What to do**
 *
 * Retry it (`Retry` does), or use another store (`Fallback`, `Replicate`) or stale values (`PassthroughCache` with
 * `maxStale`). If `outcome` is `"unknown"`, read the key before you write again, unless writing twice does no harm. If
 * `isClosed` is true, the program uses a service after its layer was closed: keep the scope of the layer open.
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
    if (this.isClosed) return `${where(this)}: ${this.reason}. Keep its scope open while you use the service.`
    return `${where(this)}: the store is unavailable (${this.reason}).`
  }
}

/**
 * The backend refused the operation: wrong type, out of memory, disk full, no permission.
 *
 * **Details**
 *
 * Not retryable. The `outcome` of a write is `"not-applied"`, or `"unknown"` if a part of it may have been applied
 * (`maybeApplied`), such as a batch that was refused halfway, or a write during whose commit the disk failed.
 *
 * **What to do**
 *
 * Look at `reason` and `cause`, and repair the store or its configuration: free memory or disk space, grant
 * permissions, or remove the value of another type. Retrying does not help.
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
    return `${where(this)}: the store refused the operation (${this.reason}).${applied}`
  }
}

/**
 * A layer could not be built: an option is not valid, or the backend did not reply in time.
 *
 * **Details**
 *
 * Building a layer fails with this error. Two operations fail with it, too: `getOrSet` with `lease`, if the store has no
 * `Atomic`, and `Idempotency.once`, if an option is not valid. It is not part of the union {@link KeyValueError}.
 *
 * **What to do**
 *
 * Correct the option that `reason` names, or start the backend, and build the layer again. Let the program end with
 * this error.
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
 * The `outcome` of a write is `"unknown"`: the write may still be applied after this error. It is `"not-applied"` if no
 * time was left to start the write (`sent: false`), or if only the read of an `update` had started.
 *
 * **What to do**
 *
 * Retry reads. Retry a write only if writing twice does no harm: `Retry` outside of `Timeout` does, except for
 * conditional writes and increments. If it happens often, raise the limit, or find out why the store is slow.
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
    if (this.sent === false) return `${where(this)}: no time was left to start it.`
    const write = this.outcome === "unknown" ? " The write may still be applied." : ""
    return `${where(this)}: no answer within ${Duration.format(this.duration)}.${write}`
  }
}

/**
 * A key, collection or prefix is not valid: it is too long, not well-formed Unicode, or not a string.
 *
 * **What to do**
 *
 * Correct the key or the name of the collection. If it comes from users, check it first: at most 65,536 bytes of
 * UTF-8, without lone surrogates.
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
 * A TTL is not valid: it is zero, negative, not a number, or ends after the year 9999.
 *
 * **What to do**
 *
 * Give a TTL of at least a millisecond. To store an entry without an end, leave the TTL out.
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
 * A value cannot be stored: it is neither JSON nor bytes, reading it throws, or it does not match the collection's
 * schema.
 *
 * **What to do**
 *
 * Correct the value at `path`. Convert dates, maps, classes and `bigint` to JSON, or use a `Collection` with a schema.
 *
 * @since 0.1.0
 */
export class SerializationError extends failure("SerializationError")<
  Place & {
    /**
     * The place in the value, such as `$.user.tags[2]`. The message shows `[…]` for fields that are not plain words.
     */
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
 * A stored entry cannot be read: it is not in a format of effect-kv, or its value does not match the collection's
 * schema.
 *
 * **What to do**
 *
 * Find out who wrote the entry. If your schema has changed, add the older schema to the `versions` of the
 * `Collection`. To treat such entries as missing, use `onInvalid: "miss"` of the `Collection`, or delete them.
 *
 * @since 0.1.0
 */
export class DeserializationError extends unappliedFailure("DeserializationError")<
  Place & { readonly reason: string; readonly cause?: unknown }
> {
  readonly retryable = false
  override get message(): string {
    return `${where(this)}: the stored entry cannot be read: ${this.reason}.`
  }
}

/**
 * A write was rejected by the `ReadOnly` wrapper.
 *
 * **What to do**
 *
 * Write through a layer without `ReadOnly`. To ignore writes instead, use `onWrite: "ignore"`.
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
 * A value is larger than a wrapper or store allows.
 *
 * **Details**
 *
 * The limit is one of these:
 *
 * - `maxSize` of `LimitSize`
 * - `maxDecompressedSize` of `Compression`
 * - the size of a JSON envelope of `Compression` or `FernetEncryption`
 * - the limit of the Redis server
 * - the longest string, with `EffectStore`
 *
 * `size` and `maxSize` are in bytes, either of the value as JSON in UTF-8, or of the form in which it would be stored.
 * `limitedBy` is the name of the wrapper or store.
 *
 * **What to do**
 *
 * Store a smaller value, split it, or raise the limit of `limitedBy`. `Compression` inside of `LimitSize` does not
 * change the size that `LimitSize` sees.
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
    return `${where(this)}: the value has ${this.size} bytes; ${limit} is ${this.maxSize}.`
  }
}

/**
 * A value is smaller than the `minSize` of `LimitSize`. Sizes are in bytes, of the value as JSON in UTF-8.
 *
 * **What to do**
 *
 * Keep such values in your program, or lower `minSize`. With `onTooSmall: "ignore"`, they are skipped without an
 * error.
 *
 * @since 0.1.0
 */
export class EntryTooSmallError extends failure("EntryTooSmallError")<
  Place & { readonly size: number; readonly minSize: number }
> {
  readonly retryable = false
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: the value has ${this.size} bytes; the minimum is ${this.minSize}.`
  }
}

/**
 * A value could not be encrypted. Nothing was stored.
 *
 * **What to do**
 *
 * The wrappers of effect-kv do not fail with it. Use it in your own wrapper that encrypts.
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
 * - `"wrong-key"`: the wrapper does not have the key of this value. (Fernet reports this for altered data, too.)
 * - `"altered"`: the wrapper has the key, but the value or its authenticated data was changed or truncated (Aead).
 * - `"moved"`: the value was encrypted for another store, collection or key (Aead).
 * - `"revived"`: the entry would live longer than when it was encrypted (Aead).
 * - `"too-old"`: the value was encrypted longer ago than `maxAge` allows (Fernet).
 * - `"in-future"`: the value has a time of encryption in the future (Fernet).
 * - `"corrupted"`: the value does not have the form of an encrypted value.
 * - `"not-encrypted"`: the value is plaintext, or was encrypted by another wrapper, and the wrapper accepts neither.
 * - `"unsupported-version"`: the value is in a version of the format that this version of effect-kv does not support.
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
 * A stored value could not be decrypted, or is not encrypted although it must be.
 *
 * **What to do**
 *
 * Look at `reason`. For `"wrong-key"`, add the old key to `keys`. For `"not-encrypted"` during a migration, set
 * `allowPlaintext`. For `"altered"`, `"moved"` and `"revived"`, find out who can write to the store.
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
 * A stored value could not be decompressed: it is damaged, has an unknown algorithm, or is larger than allowed.
 *
 * **What to do**
 *
 * Delete the damaged entry. If the value is only larger than allowed, raise `maxDecompressedSize`.
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
 * A key is missing or expired. Only `getOrFail` of `Collection` fails with this error.
 *
 * **What to do**
 *
 * Handle the missing key, such as with the status 404, or use `get`, which returns an `Option`.
 *
 * @since 0.1.0
 */
export class MissingKeyError extends unappliedFailure("MissingKeyError")<Place & { readonly key: string }> {
  readonly retryable = false
  override get message(): string {
    return `${where(this)}: there is no such key.`
  }
}

/**
 * Other writers changed the key during every attempt of an operation of `Atomic`, until it had no retries left.
 *
 * **What to do**
 *
 * Try again later, or let fewer callers change the same key: split a counter over several keys, or use
 * `Atomic.increment`, which Redis, Sqlite and Memory execute as one step.
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
 * An argument of `Atomic.increment` is not valid: a number is not an integer within ±(2^53 − 1), `min` is above `max`, or
 * there is no TTL to renew.
 *
 * **What to do**
 *
 * Correct the argument that `reason` names.
 *
 * @since 0.2.0
 */
export class InvalidIncrementError extends failure("InvalidIncrementError")<Place & { readonly reason: string }> {
  readonly retryable = false
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: ${this.reason}.`
  }
}

/**
 * An `Atomic.increment` would have set the counter below `min` or above `max`. The counter is unchanged.
 *
 * **Details**
 *
 * `value` is the unchanged counter. For a missing counter, it is `initial`. Without `min` and `max`, the range is
 * ±(2^53 − 1).
 *
 * **What to do**
 *
 * Handle it as a result: the stock is empty, or the quota is used up. `value` is the current count.
 *
 * @since 0.2.0
 */
export class CounterRangeError extends failure("CounterRangeError")<
  Place & { readonly value: number; readonly by: number; readonly min: number; readonly max: number }
> {
  readonly retryable = false
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: the counter would leave the range from ${this.min} to ${this.max}.`
  }
}

/**
 * The circuit is open: the store failed too often, and gets no calls until `retryAfter` has passed.
 *
 * **Details**
 *
 * `retryAfter` is zero while a probe checks whether the store has recovered.
 *
 * **What to do**
 *
 * Wait for `retryAfter`, or use a fallback. `Retry` outside of `CircuitBreaker` waits for that long if it is not more
 * than `maxDelay`.
 *
 * @since 0.1.0
 */
export class CircuitOpenError extends unappliedFailure("CircuitOpenError")<
  Place & { readonly retryAfter: Duration.Duration }
> {
  readonly retryable = true
  override get message(): string {
    return Duration.isZero(this.retryAfter)
      ? `${where(this)}: the circuit is half-open while a probe checks whether the store has recovered.`
      : `${where(this)}: the circuit is open for another ${Duration.format(this.retryAfter)}.`
  }
}

/**
 * Too many calls are running or waiting already, or this call has waited for as long as the bulkhead allows (`waited`).
 *
 * **What to do**
 *
 * Reject the request of your caller (such as with the status 503), or use a fallback. If it happens with a healthy
 * store, raise `maxConcurrent` or `maxQueue`.
 *
 * @since 0.1.0
 */
export class BulkheadFullError extends unappliedFailure("BulkheadFullError")<
  Place & {
    /** How many calls may run or wait at the same time. */
    readonly limit: number
    readonly waited?: Duration.Duration
  }
> {
  readonly retryable = true
  override get message(): string {
    return this.waited === undefined
      ? `${where(this)}: ${this.limit} calls are running or waiting already.`
      : `${where(this)}: too many calls are running, and this one could not start within ${Duration.format(this.waited)}.`
  }
}

/**
 * The call exceeds the rate limit. The next call is allowed after `retryAfter`.
 *
 * **What to do**
 *
 * Wait for `retryAfter`, or tell your caller to (such as with the status 429). `Retry` outside of `RateLimit` waits
 * for that long.
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
 * Another holder has the lease, and had it until the end of `wait`.
 *
 * **Details**
 *
 * `retryAfter` is an estimate of when the lease can be taken over if its holder does not renew it. A holder that is alive
 * renews it, and may also release it earlier.
 *
 * **What to do**
 *
 * Let the other holder do the work, or try again after `retryAfter`. To wait longer, raise `wait`.
 *
 * @since 0.2.0
 */
export class LeaseUnavailableError extends failure("LeaseUnavailableError")<
  Place & { readonly retryAfter: Duration.Duration }
> {
  readonly retryable = true
  readonly outcome = "not-applied"
  override get message(): string {
    return `${where(this)}: another holder has the lease. Try again in ${Duration.format(this.retryAfter)}.`
  }
}

/**
 * Why a lease was lost.
 *
 * - `"expired"`: it could not be renewed in time, because the store failed or was slow, or because the process stood still.
 * - `"taken"`: another holder has it.
 * - `"gone"`: its entry is no longer in the store. It was deleted, cleared or evicted.
 * - `"closed"`: the layer of the store was closed.
 *
 * @since 0.2.0
 */
export type LeaseLostReason = "expired" | "taken" | "gone" | "closed"

/**
 * The lease was lost while it was held. The effect under the lease was interrupted.
 *
 * **Details**
 *
 * The `outcome` is `"unknown"`: the effect may have done a part of its work.
 *
 * **What to do**
 *
 * Start again from a state that you know: the effect was interrupted in the middle. Pass `token` to other systems, so
 * that they refuse writes of a former holder.
 *
 * @since 0.2.0
 */
export class LeaseLostError extends failure("LeaseLostError")<
  Place & { readonly reason: LeaseLostReason; readonly token: number }
> {
  readonly retryable = true
  readonly outcome = "unknown"
  override get message(): string {
    return `${where(this)}: the lease was lost (${this.reason}).`
  }
}

/**
 * The errors that every operation can fail with. A wrapper made with `Driver.around` may add these errors to any
 * operation.
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
 * The errors of reads: `get`, `getMany`, `ttl`, `ttlMany`, and the streams of `Enumeration`.
 *
 * @since 0.1.0
 */
export type ReadError = CommonError | InvalidKeyError | DeserializationError | DecryptionError | DecompressionError

/**
 * The errors of writes: `put`, `putMany`, `delete`, `deleteMany`, `clear`.
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
 * The errors of all operations.
 *
 * @since 0.1.0
 */
export type KeyValueError =
  | ReadError
  | WriteError
  | MissingKeyError
  | ConflictError
  | InvalidIncrementError
  | CounterRangeError
  | LeaseUnavailableError
  | LeaseLostError
