import type { Wrapper, WrapperName } from "../model.ts"

/**
 * The recommended order of the wrappers, from the store outward.
 *
 * `Stack.production` has no Fallback. It is outside CircuitBreaker, so that the second store takes over at once. It is inside
 * the limits, so that a call that they reject does not go to the second store, and inside Aead, so that the journal is
 * encrypted.
 */
export const recommendedOrder: ReadonlyArray<WrapperName> = [
  "Timeout",
  "Hedge",
  "Retry",
  "CircuitBreaker",
  "Fallback",
  "Bulkhead",
  "RateLimit",
  "Deadline",
  "Aead",
  "Compression",
  "LimitSize",
  "PassthroughCache"
]

/** The same wrappers in the recommended order. Wrappers of the same name keep their order. */
export const recommended = (stack: ReadonlyArray<Wrapper>): ReadonlyArray<Wrapper> =>
  [...stack].sort((a, b) => recommendedOrder.indexOf(a.name) - recommendedOrder.indexOf(b.name))
