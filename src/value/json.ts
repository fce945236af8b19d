import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import { JsonParser } from "./JsonParser.ts"
import { maxDepth, maxTextLength, type Problem, tooLong } from "./jsonProblem.ts"
import * as jsonText from "./jsonText.ts"

/**
 * The kinds of numbers that a value may contain. They decide how the value is written.
 *
 * - `"plain"`: finite numbers, but no negative zero
 * - `"parsed"`: also `NaN` and the infinities, which JSON text of Python may contain
 * - `"special"`: also negative zero
 * - `"exact"`: also `bigint`s, instead of integers beyond 2^53
 */
export type NumberKinds = "plain" | "parsed" | "special" | "exact"

/** Writes compact JSON, with the fields in their order. */
export const stringify = (value: Json, kinds: NumberKinds): string => {
  if (kinds === "special" || kinds === "exact") return writeAnyNumber(value, kinds)
  const text = JSON.stringify(value)
  // `JSON.stringify` writes `NaN` and infinities as `null`.
  return kinds === "parsed" && text.includes("null") ? writeAnyNumber(value, kinds) : text
}

/** Like {@link stringify}, but fails if the text is longer than `maxLength`. */
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

/** A parsed value, and the information that is needed to write it unchanged. */
export interface Parsed {
  readonly value: Json
  readonly numberKinds: NumberKinds
  /** The text, for {@link parseUnrounded}. `undefined` if `value` is exact. */
  readonly source?: string | undefined
}

/**
 * Parses JSON text, including `NaN`, `Infinity` and `-Infinity`, which Python writes. With `exact`, integers beyond
 * 2^53 become `bigint`s. Fails if the value is nested deeper than `depth`.
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
 * Parses a text with `bigint`s for the integers that {@link parse} rounds. Returns `undefined` if there are none, or if
 * one of them has more digits than the exact parser accepts.
 */
export const parseUnrounded = (source: string): Json | undefined =>
  largeInteger.test(source) ? Result.getOrUndefined(parse(source, true, maxDepth + 1))?.value : undefined

/** Parses a text that {@link stringify} wrote. */
export const parseUnsafe = (text: string, exact: boolean): Json => Result.getOrThrow(parse(text, exact)).value

const namedNumber = /NaN|Infinity/

/** Matches numbers with so many digits that parsing may round them. Inside strings, it matches few digits. */
const largeInteger = /(?:^|[[:,\s])-?\d{16}/

/**
 * Matches the end of a field name that contains an escape. V8 may confuse such a name with a name of another object
 * that has the same shape (https://github.com/nodejs/node/issues/63785).
 */
const escapedName = /\\.[^"\\]*"[ \t\n\r]*:/

const isMisreadByNative = (text: string, exact: boolean): boolean =>
  (text.includes("\\") && escapedName.test(text)) || (exact && largeInteger.test(text))

/** Counts brackets first, because this is much faster than visiting the whole value. */
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
