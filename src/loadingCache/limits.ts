/**
 * The longest lookup whose value is stored, and how long the mark of an invalidation lives, in milliseconds. A lookup that
 * took longer might not find the mark of an invalidation that came after its beginning. The mark lives twice as long, so that
 * the clocks of the store and of this process need not agree exactly.
 */
export const longestLookup = 300_000
export const markTtl = 2 * longestLookup
