/** Differences in numbers that JavaScript cannot hold. */
import { failedWith, is } from "../answers.ts"
import { compare } from "../compare.ts"
import * as python from "../python.ts"
import * as tokens from "../tokens.ts"
import type { Copying, Difference, Reading } from "./Difference.ts"
import { isReading } from "./entries.ts"

export const differences: ReadonlyArray<Difference> = [
  {
    id: "non-finite-numbers",
    applies: (observed) =>
      (observed.kind === "write" || observed.kind === "bytes") &&
      failedWith(observed.ours, "SerializationError") &&
      tokens.hasNonFinite(observed.text)
  },
  {
    id: "integral-floats",
    applies: (observed) =>
      observed.kind === "bytes"
        ? isExplained(observed) && tokens.withIntegers(observed.text) !== observed.text
        : isReading(observed) && hasFloatVersion(observed)
  },
  {
    id: "minus-zero",
    applies: (observed) =>
      isReading(observed) &&
      is("Found")(observed.python) &&
      is("Found")(observed.ours) &&
      tokens.hasMinusZero(Buffer.from(observed.stored).toString()) &&
      compare(withoutSigns(observed.python.value), withoutSigns(observed.ours.value)) === undefined
  },
  {
    id: "ttl-in-milliseconds",
    applies: (observed) =>
      observed.kind === "bytes" &&
      !Number.isInteger((observed.ttl ?? 0) * 1000) &&
      (isExplained(observed) || failedWith(observed.ours, "InvalidTtlError"))
  },
  {
    id: "far-times",
    applies: (observed) => {
      if (observed.kind !== "bytes" || !isExplained(observed)) return false
      const stored = python.textOf(observed.stored)
      return tokens.withTimesOfFloats(stored) !== stored
    }
  }
]

/** Whether the written data differs from Python's only in numbers that JavaScript cannot hold. */
const isExplained = ({ stored, written, ttl }: Copying): boolean =>
  written !== undefined &&
  tokens.withIntegers(tokens.withWholeTtl(tokens.withTimesOfFloats(python.textOf(stored)), ttl)) ===
    python.textOf(written)

/** Whether the version of an envelope is written as the float 1.0, which Python does not accept as an integer. */
const hasFloatVersion = ({ stored, python: theirs, ours }: Reading): boolean =>
  !is("Found")(theirs) &&
  is("Found")(ours) &&
  /"__encryption_version__"\s*:\s*1\.0*\s*[,}]/.test(Buffer.from(stored).toString())

const withoutSigns = (value: unknown): unknown => {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(withoutSigns)
  if (!python.isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([field, part]) => [field, withoutSigns(part)]))
}
