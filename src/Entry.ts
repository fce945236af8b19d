/**
 * A stored value with its times, as drivers and wrappers pass it to each other.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { Payload, Value } from "./Value.ts"

/**
 * A value, with the times when it was written and when it expires.
 *
 * **Details**
 *
 * - Times are milliseconds since the epoch. `expiresAt` is `undefined` for an entry that does not expire.
 * - `version` is present if the call asked for it (`Get.versioned`). It is an opaque token by which the store recognizes
 *   exactly this state of the entry. Wrappers must pass it on unchanged.
 * - `needsRotation` is set by an encryption wrapper if the entry has another key or another envelope than the wrapper
 *   writes (see `Rotation`).
 * - `isDefault` is set by `DefaultValue` on the default, which is not in the store.
 *
 * @since 0.1.0
 */
export interface Entry {
  readonly payload: Payload
  readonly createdAt: number | undefined
  readonly expiresAt: number | undefined
  readonly version?: unknown
  readonly needsRotation?: boolean
  readonly isDefault?: boolean
}

/**
 * A value with its remaining TTL, as `ttl` and `ttlMany` return it. `ttl` is `undefined` for an entry that does not expire.
 *
 * @since 0.1.0
 */
export interface ValueWithTtl<A = Value> {
  readonly value: A
  readonly ttl: Duration.Duration | undefined
}

/**
 * Returns whether the entry has expired at the given time.
 *
 * @since 0.1.0
 */
export const isExpired = ({ expiresAt }: Pick<Entry, "expiresAt">, now: number): boolean =>
  expiresAt !== undefined && expiresAt <= now

/**
 * Returns the remaining TTL of an entry at the given time, or `undefined` if the entry does not expire.
 *
 * @since 0.1.0
 */
export const timeLeft = (entry: Entry, now: number): Duration.Duration | undefined =>
  entry.expiresAt === undefined ? undefined : Duration.millis(Math.max(entry.expiresAt - now, 0))

/**
 * Copies an entry and its payload. Use it in a driver that keeps its entries, so that callers cannot change them.
 *
 * @since 0.1.0
 */
export const copy = (entry: Entry): Entry => ({ ...entry, payload: entry.payload.copy() })
