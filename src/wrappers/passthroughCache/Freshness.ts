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

/**
 * How long copies are fresh, and how long they are kept.
 *
 * A copy is fresh for `maxTtl` (or `missingTtl`) from when the far store was asked, and kept for `maxStale` more, but
 * never longer than the original. It carries the time of asking (`createdAt`) and that of its end (`expiresAt`), from
 * which the rest follows.
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

  /** When the copy of an entry ends. */
  endOf({ expiresAt }: Entry, askedAt: number): number {
    const { maxTtl, missingTtl, maxStale } = this.limits
    return expiresAt === undefined ? askedAt + missingTtl + maxStale : Math.min(expiresAt, askedAt + maxTtl + maxStale)
  }

  stateOf({ createdAt, expiresAt }: Entry, now: number): State {
    if (!this.outlivesItsFreshness) return "fresh"
    if (createdAt === undefined) return "over"
    const { maxTtl, missingTtl, maxStale, due } = this.limits
    const end = expiresAt ?? createdAt + Math.min(maxTtl, missingTtl)
    // What ends when the copy of an entry without expiry ends counts as one: it is no fresher than that either way.
    const fresh = end === createdAt + missingTtl + maxStale ? missingTtl : Math.min(maxTtl, end - createdAt)
    const isOwnEnd = fresh < maxTtl && fresh !== missingTtl
    const age = now - createdAt
    if (age >= fresh) return age < fresh + maxStale ? "stale" : "over"
    return due !== undefined && !isOwnEnd && age >= fresh - due(fresh) ? "due" : "fresh"
  }
}
