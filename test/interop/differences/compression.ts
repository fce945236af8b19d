/** Differences in values that are compressed, or look compressed. */
import { gunzipSync } from "node:zlib"
import { Result } from "effect"
import { type Answer, failedWith, is } from "../answers.ts"
import { compare } from "../compare.ts"
import * as python from "../python.ts"
import { type Fields, isByItsRules, isStrict, peeled, standard, stuck } from "./codecs.ts"
import type { Difference, Reading } from "./Difference.ts"
import { isReading } from "./entries.ts"

interface Compressed {
  readonly fields: Fields
  readonly python: unknown
  readonly ours: Answer
}

/** A difference where Python returns a value. */
const ofCompression = (
  id: string,
  applies: (observed: Compressed) => boolean,
  isPython: (observed: Reading) => boolean = isByItsRules
): Difference => ({
  id,
  applies: (observed) => {
    if (!isReading(observed) || !is("Found")(observed.python) || !isPython(observed)) return false
    const at = stuck(observed)
    return (
      at?.wrapper === "compression" &&
      Object.hasOwn(at.fields, "__compressed_data__") &&
      applies({ fields: at.fields, python: observed.python.value, ours: observed.ours })
    )
  }
})

/** A difference where the envelope is valid except for its data, which effect-kv refuses. */
const ofData = (
  id: string,
  applies: (observed: Compressed & { readonly isItself: boolean }) => boolean,
  isPython?: (observed: Reading) => boolean
): Difference =>
  ofCompression(
    id,
    (observed) =>
      hasExactFields(observed.fields) &&
      isKnown(observed.fields) &&
      failedWith(observed.ours, "DecompressionError") &&
      applies({ ...observed, isItself: compare(observed.fields, observed.python) === undefined }),
    isPython
  )

const hasExactFields = (fields: Fields): boolean =>
  Object.keys(fields).sort().join() === [...python.compressionFields].sort().join()

const isKnown = (fields: Fields): boolean =>
  fields.__compression_version__ === 1 && fields.__compression_algorithm__ === "gzip"

const ourAlgorithms: ReadonlyArray<unknown> = ["zstd", "brotli", "deflate"]

export const differences: ReadonlyArray<Difference> = [
  ofData("damaged-envelope", ({ isItself }) => isItself),
  ofCompression(
    "unknown-envelope",
    ({ fields, python, ours }) =>
      hasExactFields(fields) &&
      !isKnown(fields) &&
      (failedWith(ours, "DecompressionError") ||
        (ourAlgorithms.includes(fields.__compression_algorithm__) &&
          is("Found")(ours) &&
          compare(fields, python) === undefined))
  ),
  ofCompression(
    "partial-envelope",
    ({ fields, ours }) => !hasExactFields(fields) && is("Found")(ours) && compare(fields, ours.value) === undefined
  ),
  ofData("loose-base64", ({ fields, isItself }) => !isItself && !isStrict(fields.__compressed_data__, standard)),
  ofData(
    "strict-gzip",
    ({ fields, isItself, python }) =>
      !isItself &&
      isStrict(fields.__compressed_data__, standard) &&
      isOddGzip(Buffer.from(fields.__compressed_data__, "base64"), python),
    // zlib has these rules.
    () => true
  ),
  {
    id: "inflated-size",
    applies: (observed) =>
      isReading(observed) &&
      is("Found")(observed.python) &&
      failedWith(observed.ours, "DecompressionError") &&
      isByItsRules(observed) &&
      peeled(observed).steps.some(
        ({ wrapper, input }) =>
          wrapper === "compression" && python.isObject(input) && inflatedSize(input.__compressed_data__) > 64 * 2 ** 20
      )
  }
]

/** Whether the header has a checksum or reserved flags, or only zeros between or behind members make the data invalid. */
const isOddGzip = (data: Buffer, expected: unknown): boolean =>
  (data.indexOf(member) === 0 && ((data[3] ?? 0) & 0xe2) !== 0) ||
  withoutZeros(data).some((joined) => {
    const inflated = Result.try(() => python.parse(python.textOf(gunzipSync(joined))))
    return Result.isSuccess(inflated) && compare(expected, inflated.success) === undefined
  })

/** The bytes with which each member begins. */
const member = Buffer.from([0x1f, 0x8b, 8])

/** The data without zeros before its second member or at its end. Up to eight zeros may belong to the member before. */
const withoutZeros = (data: Buffer): ReadonlyArray<Buffer> => {
  const second = data.indexOf(Buffer.concat([Buffer.of(0), member]))
  const end = second < 0 ? data.length : second + 1
  let start = end
  while (start > 0 && data[start - 1] === 0) start--
  return Array.from({ length: Math.min(9, end - start) }, (_, kept) =>
    Buffer.concat([data.subarray(0, start + kept), data.subarray(end)])
  )
}

const inflatedSize = (data: unknown): number =>
  isStrict(data, standard)
    ? Result.getOrElse(
        Result.try(() => gunzipSync(Buffer.from(data, "base64")).length),
        () => 0
      )
    : 0
