import type { Json } from "effect/Schema"
import * as bytes from "./bytes.ts"
import { maxDigits } from "./JsonParser.ts"
import type { NumberKinds } from "./json.ts"
import { setField } from "./jsonCopy.ts"
import { formatPath, maxDepth, maxTextLength, type Problem, tooDeep } from "./jsonProblem.ts"

/** The smallest integer with more digits than `JsonParser` accepts. */
const tooLarge = 10n ** BigInt(maxDigits)

/** Validates and copies a value in one pass, so that each accessor is read once. */
export class Copier {
  numberKinds: NumberKinds
  private reason = ""
  private readonly path: Array<string | number> = []
  /** The number of UTF-16 units in all strings and field names. */
  private units = 0
  private fieldsAndItems = 0

  /** With `exact`, the value may contain `bigint`s. */
  constructor(exact: boolean) {
    this.numberKinds = exact ? "exact" : "plain"
  }

  /** Whether the JSON text is certainly longer than {@link maxTextLength}. */
  get isTooLong(): boolean {
    return this.units > maxTextLength
  }

  /** Whether the JSON text may be too long. A unit takes at most six characters (`\u0000`), a number fewer than 32. */
  get mayBeTooLong(): boolean {
    return 6 * this.units + 32 * this.fieldsAndItems > maxTextLength
  }

  /**
   * Returns `undefined` for a value that is not JSON; see {@link problemOf}. Throws if an accessor or a proxy throws.
   */
  copy(value: unknown, depth: number): Json | undefined {
    switch (typeof value) {
      case "string":
        this.units += value.length
        return value
      case "boolean":
        return value
      case "number":
        if (value === 0 && Object.is(value, -0) && this.numberKinds === "plain") this.numberKinds = "special"
        return Number.isFinite(value) ? value : this.refuse(String(value))
      case "object":
        if (value === null) return null
        if (depth >= maxDepth) return this.refuse(tooDeep)
        if (Array.isArray(value)) return this.copyArray(value, depth + 1)
        if (isPlain(value)) return this.copyObject(value, depth + 1)
        return this.refuse(describeInstance(value))
      case "bigint":
        if (this.numberKinds !== "exact") return this.refuse("bigint")
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
    this.fieldsAndItems += length
    for (let i = 0; i < length; i++) {
      const item = this.copy(value[i], depth)
      if (item === undefined) return this.refuseAt(i)
      copy[i] = item
    }
    return copy
  }

  /** Spreading reads each field once, and is several times faster than copying field by field. */
  private copyObject(value: object, depth: number): Json | undefined {
    const copy = { ...value } as Record<string, Json>
    if (Object.getOwnPropertySymbols(value).length > 0) return this.refuse("a field whose name is a symbol")
    for (const key of Object.keys(copy)) {
      const field: Json | undefined = copy[key]
      if (field === undefined) {
        // JSON leaves it out. In an array, it would become null, so there it is refused.
        delete copy[key]
        continue
      }
      const item = this.copy(field, depth)
      if (item === undefined) return this.refuseAt(key)
      if (item !== field) setField(copy, key, item)
      this.units += key.length
      this.fieldsAndItems++
    }
    return copy
  }

  private refuse(reason: string): undefined {
    this.reason = reason
    return undefined
  }

  private refuseAt(segment: string | number): undefined {
    this.path.push(segment)
    return undefined
  }

  /** Returns why `copy` returned `undefined` for this value. */
  problemOf(value: unknown): Problem {
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
    ? "bytes inside JSON (only the whole value can be bytes)"
    : `an instance of ${typeof name === "string" && name !== "" ? name : "a class"} (not JSON)`
}

/** Returns whether the path leads through the same object twice. */
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
