/** The ranges of the numbers of a scenario, for the inputs of the page and for links. */
export const ranges = {
  seed: { min: 0, max: 999_999 },
  seconds: { min: 1, max: 60 },
  rate: { min: 1, max: 200 },
  fraction: { min: 0, max: 1 },
  keys: { min: 1, max: 100_000 },
  ttl: { min: 0, max: 3600 },
  p50: { min: 0.1, max: 2000 },
  p99: { min: 0.1, max: 10_000 },
  /** Milliseconds of a `slow` fault. */
  slow: { min: 0, max: 10_000 }
} as const

/** More wrappers or faults help nobody to see anything, and a link must not be able to stop the page. */
export const maxWrappers = 12
export const maxFaults = 12
