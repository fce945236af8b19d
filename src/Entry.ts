/**
 * A stored value with its times, as drivers and wrappers pass it on.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { Payload, Value } from "./Value.ts"

/**
 * A value, when it was written and when it expires.
 *
 * **Details**
 *
 * Times are milliseconds since the epoch. `expiresAt` is `undefined` for an entry that does not expire. `version` is
 * there when the call asked for it (`Get.versioned`): an opaque token by which the store recognises this very state of
 * the entry, which a wrapper passes on untouched. `needsRotation` is set by an encryption that would write the entry another
 * way than it found it: under another key, or in another envelope (see `Rotation`).
 *
 * @since 0.1.0
 */
export interface Entry {
  readonly payload: Payload
  readonly createdAt: number | undefined
  readonly expiresAt: number | undefined
  readonly version?: unknown
  readonly needsRotation?: boolean
}

/**
 * A value and the time that it has left, as `ttl` and `ttlMany` return it. `ttl` is `undefined` for an entry that does not
 * expire.
 *
 * @since 0.1.0
 */
export interface ValueWithTtl<A = Value> {
  readonly value: A
  readonly ttl: Duration.Duration | undefined
}

/**
 * Whether the entry has expired at the given time.
 *
 * @since 0.1.0
 */
export const isExpired = ({ expiresAt }: Pick<Entry, "expiresAt">, now: number): boolean =>
  expiresAt !== undefined && expiresAt <= now

/**
 * How long the entry has left at the given time.
 *
 * @since 0.1.0
 */
export const timeLeft = (entry: Entry, now: number): Duration.Duration | undefined =>
  entry.expiresAt === undefined ? undefined : Duration.millis(Math.max(entry.expiresAt - now, 0))

/**
 * The same entry with a payload of its own, for a driver that keeps what it returns.
 *
 * @since 0.1.0
 */
export const copy = (entry: Entry): Entry => ({ ...entry, payload: entry.payload.copy() })
