import * as Result from "effect/Result"
import type { Json } from "../Value.ts"

export const maxDepth = 1000

/** Why a value is not JSON, and where. */
export interface Problem {
  readonly path: string
  readonly reason: string
}

/**
 * Validates and copies a value in one walk.
 *
 * `copy` answers `undefined` for what is not JSON (which no JSON value is), and `path` and `reason` then say why.
 */
export class Copier {
  negativeZero = false
  private reason = ""
  private readonly path: Array<string | number> = []

  copy(value: unknown, depth: number): Json | undefined {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value
      case "number":
        if (value === 0 && Object.is(value, -0)) this.negativeZero = true
        return Number.isFinite(value) ? value : this.refuse(String(value))
      case "object":
        if (value === null) return null
        if (depth >= maxDepth) return this.refuse(`nested deeper than ${maxDepth} levels`)
        if (Array.isArray(value)) return this.copyArray(value, depth + 1)
        if (isPlain(value)) return this.copyObject(value, depth + 1)
        return this.refuse(describeInstance(value))
      default:
        return this.refuse(typeof value)
    }
  }

  private copyArray(value: ReadonlyArray<unknown>, depth: number): Json | undefined {
    const copy: Array<Json> = new Array(value.length)
    for (let i = 0; i < value.length; i++) {
      const item = this.copy(value[i], depth)
      if (item === undefined) return this.at(i)
      copy[i] = item
    }
    return copy
  }

  private copyObject(value: object, depth: number): Json | undefined {
    const copy: Record<string, Json> = {}
    for (const key of Object.keys(value)) {
      const item = this.copy((value as Record<string, unknown>)[key], depth)
      if (item === undefined) return this.at(key)
      setField(copy, key, item)
    }
    return Object.getOwnPropertySymbols(value).length > 0 ? this.refuse("a field whose name is a symbol") : copy
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
    const shown = segments.length > 20 ? [...segments.slice(0, 20), "…"] : segments
    return { path: `$${shown.map(formatSegment).join("")}`, reason: this.reason }
  }
}

const identifier = /^[\p{ID_Start}$_…][\p{ID_Continue}$]*$/u

export const formatSegment = (segment: string | number): string =>
  typeof segment === "number"
    ? `[${segment}]`
    : identifier.test(segment)
      ? `.${segment}`
      : `[${JSON.stringify(segment)}]`

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

const describeInstance = (value: object): string => {
  const name = Object.getPrototypeOf(value)?.constructor?.name
  return value instanceof Uint8Array
    ? "bytes inside of JSON (bytes can only be the whole value)"
    : `an instance of ${typeof name === "string" && name !== "" ? name : "a class"} (give the collection a schema to store it)`
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

/** A deep copy of what is known to be JSON. */
export const clone = (value: Json): Json => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(clone)
  const source = value as Record<string, Json>
  const copy: Record<string, Json> = {}
  for (const key of Object.keys(source)) setField(copy, key, clone(source[key] as Json))
  return copy
}

/** JSON has a negative zero, but `JSON.stringify` drops its sign. */
const keepNegativeZero = (_key: string, value: unknown): unknown => (Object.is(value, -0) ? rawJson("-0.0") : value)

const rawJson = (JSON as unknown as { rawJSON?: (text: string) => unknown }).rawJSON ?? (() => 0)

export const stringify = (value: Json, negativeZero: boolean): string =>
  negativeZero ? JSON.stringify(value, keepNegativeZero) : JSON.stringify(value)

export const parse = (text: string): Result.Result<Json, unknown> => Result.try(() => JSON.parse(text) as Json)

/** False only if no number in the text is a negative zero. */
export const mayHaveNegativeZero = (text: string): boolean => text.includes("-0")
