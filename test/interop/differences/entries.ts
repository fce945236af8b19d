/** Differences in the entry around the value. */
import { failedWith, is } from "../answers.ts"
import * as python from "../python.ts"
import * as tokens from "../tokens.ts"
import { isByItsRules } from "./codecs.ts"
import type { Difference, Observed, Reading } from "./Difference.ts"

export const isReading = (observed: Observed): observed is Reading =>
  observed.kind === "read" || observed.kind === "raw"

/** An entry that Python reads although effect-kv refuses the form of one of its times. */
const ofTimes = (id: string, isOdd: (time: string) => boolean): Difference => ({
  id,
  applies: (observed) => {
    if (!isReading(observed) || !isByItsRules(observed)) return false
    const entry = tokens.parse(observed.stored)
    return (
      failedWith(observed.ours, "DeserializationError") &&
      python.isObject(entry) &&
      [entry.created_at, entry.expires_at].some((time) => typeof time === "string" && isOdd(time))
    )
  }
})

const refusals = ["DeserializationError", "DecompressionError", "DecryptionError"]

export const differences: ReadonlyArray<Difference> = [
  ofTimes("week-dates", (time) => /^\d{4}-?W\d\d/.test(time)),
  // Python accepts a fraction of the minutes, and a time that contains U+0000.
  ofTimes("odd-times", (time) => /^[\d-]{8,10}.\d\d:?\d\d[.,]\d/su.test(time) || time.includes("\0")),
  {
    id: "nesting-depth",
    applies: (observed) =>
      isReading(observed) &&
      is("Found")(observed.python) &&
      refusals.some((error) => failedWith(observed.ours, error)) &&
      isDeeper(observed.python.value, 1000)
  }
]

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1)))
