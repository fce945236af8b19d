import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import * as bytes from "./bytes.ts"
import { JsonParser, maxDigits } from "./JsonParser.ts"
import { formatPath, maxDepth, type Problem, tooDeep } from "./jsonProblem.ts"
import * as jsonText from "./jsonText.ts"

export { maxDepth }

/** What the parser does not read. */
const tooLarge = 10n ** BigInt(maxDigits)

/**
 * The longest JSON text of a value, in UTF-16 units: that of V8's longest string, less 1 MiB for the names and times that a
 * store writes beside it.
 */
export const maxTextLength = 2 ** 29 - 24 - 2 ** 20

/**
 * Validates and copies a value in one walk, which reads each accessor once.
 *
 * `copy` answers `undefined` for what is not JSON (which no JSON value is), and `describe` then says why. Throws what an
 * accessor or proxy throws.
 */
export class Copier {
  numbers: Numbers
  private reason = ""
  private readonly path: Array<string | number> = []
  /** UTF-16 units of strings, and how many fields and items there are. */
  private units = 0
  private nodes = 0

  /** `exact` takes `bigint`s, too. */
  constructor(exact: boolean) {
    this.numbers = exact ? "exact" : "plain"
  }

  /** Whether the text is longer than {@link maxTextLength}, as is known without making it. */
  get isTooLong(): boolean {
    return this.units > maxTextLength
  }

  /** Whether the text may be longer than {@link maxTextLength}: a unit is written as six at most, a number as fewer than 32. */
  get mayBeTooLong(): boolean {
    return 6 * this.units + 32 * this.nodes > maxTextLength
  }

  copy(value: unknown, depth: number): Json | undefined {
    switch (typeof value) {
      case "string":
        this.units += value.length
        return value
      case "boolean":
        return value
      case "number":
        if (value === 0 && Object.is(value, -0) && this.numbers === "plain") this.numbers = "special"
        return Number.isFinite(value) ? value : this.refuse(String(value))
      case "object":
        if (value === null) return null
        if (depth >= maxDepth) return this.refuse(tooDeep)
        if (Array.isArray(value)) return this.copyArray(value, depth + 1)
        if (isPlain(value)) return this.copyObject(value, depth + 1)
        return this.refuse(describeInstance(value))
      case "bigint":
        if (this.numbers !== "exact") return this.refuse("bigint")
        this.units += maxDigits
        return value < tooLarge && value > -tooLarge
          ? (value as unknown as Json)
          : this.refuse("bigint of more than 4,300 digits")
      default:
        return this.refuse(typeof value)
    }
  }

  private copyArray(value: ReadonlyArray<unknown>, depth: number): Json | undefined {
    const { length } = value
    const copy: Array<Json> = new Array(length)
    this.nodes += length
    for (let i = 0; i < length; i++) {
      const item = this.copy(value[i], depth)
      if (item === undefined) return this.at(i)
      copy[i] = item
    }
    return copy
  }

  /** Spreading reads every field once, and is several times faster than copying field by field. */
  private copyObject(value: object, depth: number): Json | undefined {
    const copy = { ...value } as Record<string, Json>
    if (Object.getOwnPropertySymbols(value).length > 0) return this.refuse("a field whose name is a symbol")
    for (const key of Object.keys(copy)) {
      const field = copy[key]
      const item = this.copy(field, depth)
      if (item === undefined) return this.at(key)
      if (item !== field) setField(copy, key, item)
      this.units += key.length
      this.nodes++
    }
    return copy
  }

  private refuse(reason: string): undefined {
    this.reason = reason
    return undefined
  }

  private at(segment: string | number): undefined {
    this.path.push(segment)
    return undefined
  }

  describe(value: unknown): Problem {
    const segments = this.path.reverse()
    if (segments.length >= maxDepth && isCyclic(value, segments)) return { path: "$", reason: "a cycle" }
    return { path: formatPath(segments), reason: this.reason }
  }
}

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

const describeInstance = (value: object): string => {
  const name = Object.getPrototypeOf(value)?.constructor?.name
  return bytes.isBytes(value) || bytes.isBuffer(value)
    ? "bytes inside of JSON (bytes can only be the whole value)"
    : `an instance of ${typeof name === "string" && name !== "" ? name : "a class"}, which is not JSON`
}

/** Does following the path come by the same object twice? */
const isCyclic = (root: unknown, path: ReadonlyArray<string | number>): boolean => {
  const ancestors = new Set<unknown>()
  let value = root
  for (const segment of path) {
    if (ancestors.has(value)) return true
    ancestors.add(value)
    value = (value as Record<string | number, unknown>)[segment]
  }
  return ancestors.has(value)
}

/** `__proto__` is a field like any other, and must not reach the setter of that name. */
const setField = (target: Record<string, Json>, key: string, value: Json): void => {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    target[key] = value
  }
}

/**
 * A deep copy of what is known to be JSON.
 *
 * It copies an object as a whole, and then what is nested in it: engines do that several times faster than field by field.
 */
export const clone = (value: Json): Json => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(clone)
  const copy: Record<string, Json> = { ...(value as Record<string, Json>) }
  for (const key in copy) {
    const item = copy[key]
    if (typeof item === "object" && item !== null && Object.hasOwn(copy, key)) setField(copy, key, clone(item))
  }
  return copy
}

/**
 * How the numbers of a value are to be written:
 *
 * - `"plain"`: all are finite, and none is a negative zero.
 * - `"parsed"`: none is a negative zero. They come from text, so that one may be infinite or NaN.
 * - `"special"`: any may be each of these.
 * - `"exact"`: as `"special"`, and large integers are `bigint`s.
 */
export type Numbers = "plain" | "parsed" | "special" | "exact"

/** Compact, in the order of the fields. */
export const stringify = (value: Json, numbers: Numbers): string => {
  if (numbers === "special" || numbers === "exact") return writeAll(value, numbers)
  const text = JSON.stringify(value)
  return numbers === "parsed" && text.includes("null") ? writeAll(value, numbers) : text
}

export const tooLong: Problem = { path: "$", reason: `its JSON has more than ${maxTextLength} characters` }

/** The text, unless it is longer than {@link maxTextLength}. */
export const tryStringify = (
  value: Json,
  numbers: Numbers,
  maxLength = maxTextLength
): Result.Result<string, Problem> => {
  const text = Result.try(() => stringify(value, numbers))
  return Result.isSuccess(text) && text.success.length <= maxLength
    ? Result.succeed(text.success)
    : Result.fail(tooLong)
}

const writeAll = (value: Json, numbers: Numbers): string =>
  jsonText.write(value, { python: false, exact: numbers === "exact" })

/** What a text says, and how to write it again. */
export interface Parsed {
  readonly value: Json
  readonly numbers: Numbers
  /** The text, unless `value` is exact: what {@link parseExactly} takes. */
  readonly source?: string | undefined
}

/**
 * Parses JSON, and also Python's names of numbers. With `exact`, integers beyond 2^53 are `bigint`s. Fails for what is
 * nested deeper than `depth`.
 */
export const parse = (text: string, exact: boolean, depth = maxDepth): Result.Result<Parsed, unknown> => {
  const native = needsCare(text, exact) ? undefined : Result.try(() => JSON.parse(text) as Json)
  const parsed =
    native === undefined || (Result.isFailure(native) && namesOfNumbers.test(text))
      ? Result.try(() => new JsonParser(text, exact).parseUnsafe(depth))
      : native
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const value = parsed.success
  return isTooDeep(text, value, depth)
    ? Result.fail(`nested deeper than ${depth} levels`)
    : Result.succeed(
        exact
          ? { value, numbers: "exact" }
          : { value, numbers: text.includes("-0") ? "special" : "parsed", source: text }
      )
}

/**
 * The same text with exact integers. `undefined` if it has none that would be rounded, or one of more digits than an exact
 * parser takes.
 */
export const parseExactly = (source: string): Json | undefined =>
  largeInteger.test(source) ? Result.getOrUndefined(parse(source, true, maxDepth + 1))?.value : undefined

/** The value with the nearest `number` for each `bigint`. */
export const rounded = (value: Json): Json => {
  if (typeof value === "bigint") return Number(value)
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(rounded)
  const copy: Record<string, Json> = {}
  for (const key of Object.keys(value)) setField(copy, key, rounded((value as Record<string, Json>)[key]!))
  return copy
}

/** The value of a text that {@link stringify} wrote. */
export const parseUnsafe = (text: string, exact: boolean): Json => Result.getOrThrow(parse(text, exact)).value

const namesOfNumbers = /NaN|Infinity/

/** A number of so many digits that it may not be exact. Most strings with as many digits are not taken for one. */
const largeInteger = /(?:^|[[:,\s])-?\d{16}/

/**
 * The end of a field's name that has an escape. Where an object of the same form had a name with a backslash before,
 * V8 takes such a name for that one (https://github.com/nodejs/node/issues/63785).
 */
const escapedName = /\\.[^"\\]*"[ \t\n\r]*:/

const needsCare = (text: string, exact: boolean): boolean =>
  (text.includes("\\") && escapedName.test(text)) || (exact && largeInteger.test(text))

/** Counts brackets first, which takes much less time than to walk through the value. */
const isTooDeep = (text: string, value: Json, depth: number): boolean =>
  text.length > 2 * depth && hasMore(text, depth) && isDeeper(value, depth)

const hasMore = (text: string, limit: number): boolean => {
  let count = 0
  for (const bracket of "[{") {
    for (let at = text.indexOf(bracket); at >= 0 && count <= limit; at = text.indexOf(bracket, at + 1)) count++
  }
  return count > limit
}

const isDeeper = (value: Json, levels: number): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (levels === 0) return true
  const items = Array.isArray(value) ? (value as ReadonlyArray<Json>) : Object.values(value)
  for (let i = 0; i < items.length; i++) if (isDeeper(items[i]!, levels - 1)) return true
  return false
}
