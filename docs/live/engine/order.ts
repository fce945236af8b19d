import type { Wrapper, WrapperName } from "../model.ts"

/** The recommended order of the wrappers, from the store outward. */
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
