import type { LeaseRecord } from "./record.ts"

/** When a renewal was sent and answered, by the monotonic clock of the holder. */
export interface Renewal {
  readonly sentAt: number
  readonly answeredAt: number
}

/** A lease of another holder as a contender sees it. */
export interface Sighting {
  readonly record: LeaseRecord
  /** When the contender saw this record for the first time, by its own monotonic clock. */
  readonly since: number
  readonly now: number
  /** The wall-clock times at which the entry was written, and now. The rules must not use them. */
  readonly wall: { readonly writtenAt: number; readonly now: number }
}

/**
 * The decisions on which the guarantee of leases depends. They are kept apart from the code that reads and writes, so that
 * the simulation can replace one of them with a mistake.
 */
export interface Rules {
  /** Until when a holder may believe that it holds the lease, by its own monotonic clock. */
  readonly validUntil: (renewal: Renewal, ttl: number) => number
  /** How long a contender must still wait before it may take over, in milliseconds. */
  readonly lapsesIn: (sighting: Sighting) => number
  /** Whether a stored lease is that of an attempt, which may then renew or release it. */
  readonly isOwn: (record: LeaseRecord, owner: string) => boolean
  /** The token of the next holder. */
  readonly nextToken: (previous: number | undefined, wallNow: number) => number
}

/**
 * Which part of the TTL a holder does not use. If the clock of a contender runs faster than that of the holder by less than
 * this part, the contender still waits longer than the holder believes.
 */
export const margin = 0.1

export const rules: Rules = {
  // From before the renewal was sent: a contender cannot have seen it earlier.
  validUntil: ({ sentAt }, ttl) => sentAt + ttl * (1 - margin),
  lapsesIn: ({ record, since, now }) => since + record.ttl - now,
  isOwn: (record, owner) => record.owner === owner,
  // Tokens begin with the time, so that they also grow after the store has lost the entry.
  nextToken: (previous, wallNow) =>
    previous === undefined ? Math.min(Number.MAX_SAFE_INTEGER / 2, Math.max(1, Math.floor(wallNow))) : previous + 1
}
