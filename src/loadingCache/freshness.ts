import type { Kept } from "./envelope.ts"

/** How old an entry is. An expired one is not used for anything. */
export type Age = "fresh" | "stale" | "expired"

/** How far the clocks of two processes may differ before a fresh entry is taken for stale, in milliseconds. */
const skew = 60_000

/**
 * Compares the end of an entry's TTL with the wall clock of this process.
 *
 * An entry that is said to be fresh for longer than its whole TTL comes from a clock that was wrong, or this clock has been
 * set back. Nothing is known about its age, so that it is refreshed. It ends by the expiry of the store at the latest.
 */
export const ageOf = ({ freshUntil, ttl }: Kept, now: number, staleFor: number): Age => {
  const left = freshUntil - now
  if (left === Number.POSITIVE_INFINITY) return "fresh"
  if (left > ttl + skew) return staleFor > 0 ? "stale" : "expired"
  if (left > 0) return "fresh"
  return left + staleFor > 0 ? "stale" : "expired"
}
