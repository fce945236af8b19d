import type { Entry } from "../../Entry.ts"

/** Durations in milliseconds. */
export interface Limits {
  readonly maxTtl: number
  readonly missingTtl: number
  readonly maxStale: number
  /** For how long before its end a copy is due, given how long it is fresh altogether. */
  readonly due: ((fresh: number) => number) | undefined
}

export type State = "fresh" | "due" | "stale" | "over"

/** An entry of known age. */
export type Dated = Entry & { readonly createdAt: number }

/** When the far store was asked. */
export interface Asked {
  /** By `steadyMillis`, in whole milliseconds. */
  readonly at: number
  /** By the wall clock. */
  readonly wall: number
}

/** What ends the time of a copy, as the fraction of a millisecond in its `createdAt`: exact in floats and in microseconds. */
const ends = { byMaxTtl: 0.25, byMissingTtl: 0.5, byExpiry: 0.75 } as const

/**
 * How long copies are fresh, and how long they are kept.
 *
 * A copy is fresh for `maxTtl` (or `missingTtl`) from when the far store was asked, and kept for `maxStale` more, but
 * never longer than the original.
 *
 * A near store keeps two times of a copy. `expiresAt` is when the near store drops it, by the wall clock as everywhere.
 * `createdAt` is when the far store was asked, by a clock that cannot be set, and its fraction says what ends the copy's
 * time. So the age of a copy does not depend on the wall clock.
 */
export class Freshness {
  private readonly limits: Limits

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** The longest time that a copy is kept. */
  get lifetime(): number {
    return Math.max(this.limits.maxTtl, this.limits.missingTtl) + this.limits.maxStale
  }

  /** Whether a copy may be there although the far store had to be asked. */
  get outlivesItsFreshness(): boolean {
    return this.limits.maxStale > 0 || this.limits.due !== undefined
  }

  /** The times of the copy of an entry. */
  timesOf({ expiresAt }: Entry, { at, wall }: Asked): { readonly createdAt: number; readonly expiresAt: number } {
    const { maxTtl, missingTtl, maxStale } = this.limits
    if (expiresAt === undefined) return { createdAt: at + ends.byMissingTtl, expiresAt: wall + missingTtl + maxStale }
    return {
      createdAt: at + (expiresAt - wall < maxTtl ? ends.byExpiry : ends.byMaxTtl),
      expiresAt: Math.min(expiresAt, wall + maxTtl + maxStale)
    }
  }

  /** The state of a copy, at a time by `steadyMillis`. One that seems to come from the future is over. */
  stateOf({ createdAt }: Dated, now: number): State {
    const askedAt = askedAtOf(createdAt)
    const end = createdAt - askedAt
    const age = now - askedAt
    if (age < 0) return "over"
    const { maxTtl, missingTtl, maxStale, due } = this.limits
    const fresh =
      end === ends.byMissingTtl
        ? missingTtl
        : end === ends.byMaxTtl || end === ends.byExpiry
          ? maxTtl
          : Math.min(maxTtl, missingTtl)
    if (end === ends.byExpiry) return age < fresh ? "fresh" : "over"
    if (age >= fresh) return age < fresh + maxStale ? "stale" : "over"
    return due !== undefined && age >= fresh - due(fresh) ? "due" : "fresh"
  }
}

/** When the far store was asked for a copy. */
export const askedAtOf = (createdAt: number): number => Math.floor(createdAt)
