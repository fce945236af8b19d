import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import { JsonParser } from "./JsonParser.ts"
import { maxDepth, maxTextLength, type Problem, tooLong } from "./jsonProblem.ts"
import * as jsonText from "./jsonText.ts"

/**
 * Which kinds of numbers a value may have, which decides how it is written:
 *
 * - `"plain"`: finite numbers, but no negative zero.
 * - `"parsed"`: also `NaN` and the infinities, which text may have.
 * - `"special"`: also negative zero.
 * - `"exact"`: also `bigint`s, in place of integers beyond 2^53.
 */
export type NumberKinds = "plain" | "parsed" | "special" | "exact"

/** Compact JSON, in the order of the fields. */
export const stringify = (value: Json, kinds: NumberKinds): string => {
  if (kinds === "special" || kinds === "exact") return writeAnyNumber(value, kinds)
  const text = JSON.stringify(value)
  // `JSON.stringify` writes `NaN` and infinities as `null`.
  return kinds === "parsed" && text.includes("null") ? writeAnyNumber(value, kinds) : text
}

/** The text, unless it is longer than {@link maxTextLength}. */
export const tryStringify = (
  value: Json,
  kinds: NumberKinds,
  maxLength = maxTextLength
): Result.Result<string, Problem> => {
  const text = Result.try(() => stringify(value, kinds))
  return Result.isSuccess(text) && text.success.length <= maxLength
    ? Result.succeed(text.success)
    : Result.fail(tooLong)
}

const writeAnyNumber = (value: Json, kinds: NumberKinds): string =>
  jsonText.write(value, { python: false, exact: kinds === "exact" })

/** The value of a text, and what it takes to write it again. */
export interface Parsed {
  readonly value: Json
  readonly numberKinds: NumberKinds
  /** The text, for {@link parseUnrounded}. `undefined` if `value` is exact. */
  readonly source?: string | undefined
}

/**
 * Parses JSON, and also the `NaN`, `Infinity` and `-Infinity` that Python writes. With `exact`, integers beyond 2^53 are
 * `bigint`s. Fails if the value is nested deeper than `depth`.
 */
export const parse = (text: string, exact: boolean, depth = maxDepth): Result.Result<Parsed, unknown> => {
  const native = isMisreadByNative(text, exact) ? undefined : Result.try(() => JSON.parse(text) as Json)
  const parsed =
    native === undefined || (Result.isFailure(native) && namedNumber.test(text))
      ? Result.try(() => new JsonParser(text, exact).parseUnsafe(depth))
      : native
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const value = parsed.success
  return isTooDeep(text, value, depth)
    ? Result.fail(`nested deeper than ${depth} levels`)
    : Result.succeed(
        exact
          ? { value, numberKinds: "exact" }
          : { value, numberKinds: text.includes("-0") ? "special" : "parsed", source: text }
      )
}

/**
 * The value of a text with `bigint`s for the integers that {@link parse} rounds. `undefined` if there are none, or if one has
 * more digits than the exact parser reads.
 */
export const parseUnrounded = (source: string): Json | undefined =>
  largeInteger.test(source) ? Result.getOrUndefined(parse(source, true, maxDepth + 1))?.value : undefined

/** The value of a text that {@link stringify} wrote. */
export const parseUnsafe = (text: string, exact: boolean): Json => Result.getOrThrow(parse(text, exact)).value

const namedNumber = /NaN|Infinity/

/** A number with so many digits that parsing may round it. Matches few strings of as many digits. */
const largeInteger = /(?:^|[[:,\s])-?\d{16}/

/**
 * The end of a field's name with an escape. V8 may read it as the name with a backslash of another object of the same
 * shape (https://github.com/nodejs/node/issues/63785).
 */
const escapedName = /\\.[^"\\]*"[ \t\n\r]*:/

const isMisreadByNative = (text: string, exact: boolean): boolean =>
  (text.includes("\\") && escapedName.test(text)) || (exact && largeInteger.test(text))

/** Counts brackets first, which is much faster than walking through the value. */
const isTooDeep = (text: string, value: Json, depth: number): boolean =>
  text.length > 2 * depth && hasMoreBrackets(text, depth) && isNestedDeeper(value, depth)

const hasMoreBrackets = (text: string, limit: number): boolean => {
  let count = 0
  for (const bracket of "[{") {
    for (let at = text.indexOf(bracket); at >= 0 && count <= limit; at = text.indexOf(bracket, at + 1)) count++
  }
  return count > limit
}

const isNestedDeeper = (value: Json, levels: number): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (levels === 0) return true
  const items = Array.isArray(value) ? (value as ReadonlyArray<Json>) : Object.values(value)
  for (let i = 0; i < items.length; i++) if (isNestedDeeper(items[i]!, levels - 1)) return true
  return false
}
