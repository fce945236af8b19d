import type { Entry } from "../../Entry.ts"

/** Durations in milliseconds. */
export interface Limits {
  readonly maxTtl: number
  readonly missingTtl: number
  readonly maxStale: number
  /** How long before the end of its fresh time a copy is due, given how long that time is. */
  readonly due: ((fresh: number) => number) | undefined
}

export type State = "fresh" | "due" | "stale" | "expired"

/** An entry of known age. */
export type Dated = Entry & { readonly createdAt: number }

/** When the store was asked. */
export interface AskedAt {
  /** By `steadyMillis`, in whole milliseconds. */
  readonly steady: number
  readonly wall: number
}

/**
 * What ends the fresh time of a copy. It is stored as the fraction of a millisecond of the copy's `createdAt`: these
 * fractions are exact in floats and in whole microseconds.
 */
const endedBy = { maxTtl: 0.25, missingTtl: 0.5, expiry: 0.75 } as const

/**
 * How long copies are fresh, and how long they are kept.
 *
 * A copy is fresh for `maxTtl` (or `missingTtl`) from when the store was asked, and kept for `maxStale` more, but never
 * longer than the original.
 *
 * The cache stores two times of a copy. `expiresAt` is when the cache drops it, by the wall clock as for every entry.
 * `createdAt` is when the store was asked, by a clock that cannot be set. So the age of a copy does not depend on the wall
 * clock.
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

  /** Whether the cache may still hold a copy of a key that the store had to be asked for. */
  get outlivesItsFreshness(): boolean {
    return this.limits.maxStale > 0 || this.limits.due !== undefined
  }

  /** The times of the copy of an entry. */
  timesOf({ expiresAt }: Entry, askedAt: AskedAt): { readonly createdAt: number; readonly expiresAt: number } {
    const { steady, wall } = askedAt
    const { maxTtl, missingTtl, maxStale } = this.limits
    if (expiresAt === undefined) {
      return { createdAt: steady + endedBy.missingTtl, expiresAt: wall + missingTtl + maxStale }
    }
    return {
      createdAt: steady + (expiresAt - wall < maxTtl ? endedBy.expiry : endedBy.maxTtl),
      expiresAt: Math.min(expiresAt, wall + maxTtl + maxStale)
    }
  }

  /** The state of a copy, at a time by `steadyMillis`. A copy that seems to come from the future has expired. */
  stateOf({ createdAt }: Dated, now: number): State {
    const askedAt = askedAtOf(createdAt)
    const end = createdAt - askedAt
    const age = now - askedAt
    if (age < 0) return "expired"
    const { maxStale, due } = this.limits
    const fresh = this.freshFor(end)
    if (end === endedBy.expiry) return age < fresh ? "fresh" : "expired"
    if (age >= fresh) return age < fresh + maxStale ? "stale" : "expired"
    return due !== undefined && age >= fresh - due(fresh) ? "due" : "fresh"
  }

  private freshFor(end: number): number {
    const { maxTtl, missingTtl } = this.limits
    if (end === endedBy.missingTtl) return missingTtl
    // A cache that several processes share may hold entries without such a fraction.
    return end === endedBy.maxTtl || end === endedBy.expiry ? maxTtl : Math.min(maxTtl, missingTtl)
  }
}

/** When the store was asked for the original of a copy. */
export const askedAtOf = (createdAt: number): number => Math.floor(createdAt)
