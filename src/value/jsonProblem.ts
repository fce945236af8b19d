/** The reasons why a value cannot be stored, and the place of the problem in the value. */
import * as Result from "effect/Result"

export const maxDepth = 1000

/**
 * The maximum length of the JSON text of a value, in UTF-16 units. It is the longest string of V8, less 1 MiB for the
 * names and times that a store writes around the value.
 */
export const maxTextLength = 2 ** 29 - 24 - 2 ** 20

export interface Problem {
  readonly path: string
  readonly reason: string
  /** The exception that was thrown when the value was read. */
  readonly cause?: unknown
}

export type Segment = string | number

const identifier = /^[\p{ID_Start}$_…][\p{ID_Continue}$]*$/u

const formatSegment = (segment: Segment): string =>
  typeof segment === "number"
    ? `[${segment}]`
    : identifier.test(segment)
      ? `.${segment}`
      : `[${JSON.stringify(segment)}]`

/** Formats a path for errors. A long path is truncated. */
export const formatPath = (segments: ReadonlyArray<Segment>): string =>
  `$${(segments.length > 20 ? [...segments.slice(0, 20), "…"] : segments).map(formatSegment).join("")}`

export const tooDeep = `nested deeper than ${maxDepth} levels`

export const tooLong: Problem = { path: "$", reason: `its JSON has more than ${maxTextLength} characters` }

interface Level {
  readonly value: object
  /** The field names of an object, or `undefined` for an array. */
  readonly names: ReadonlyArray<string> | undefined
  readonly count: number
  next: number
}

const segmentOf = ({ names, next }: Level): Segment => (names === undefined ? next - 1 : names[next - 1]!)

/**
 * Returns why a value cannot be read: reading it throws, it contains itself, or it is nested too deeply. It is not
 * recursive, so that a deep value does not overflow the stack.
 */
export const faultOf = (root: unknown): Problem | undefined => {
  const levels: Array<Level> = []
  const open = new Set<object>()
  const closed = new Set<object>()
  const path = () => formatPath(levels.map(segmentOf))
  const thrown = (cause: unknown): Problem => ({ path: path(), reason: "reading it throws", cause })
  let value = root
  for (;;) {
    if (typeof value === "object" && value !== null && !closed.has(value)) {
      if (open.has(value)) return { path: "$", reason: "a cycle" }
      if (levels.length > maxDepth) return { path: path(), reason: tooDeep }
      const level = levelOf(value)
      if (Result.isFailure(level)) return thrown(level.failure)
      open.add(value)
      levels.push(level.success)
    }
    const level = unfinished(levels, open, closed)
    if (level === undefined) return undefined
    const item = read(level)
    if (Result.isFailure(item)) return thrown(item.failure)
    value = item.success
  }
}

/** Returns the innermost level that is not read completely. */
const unfinished = (levels: Array<Level>, open: Set<object>, closed: Set<object>): Level | undefined => {
  for (;;) {
    const level = levels.at(-1)
    if (level === undefined || level.next < level.count) return level
    levels.pop()
    open.delete(level.value)
    closed.add(level.value)
  }
}

const read = (level: Level): Result.Result<unknown, unknown> => {
  level.next++
  return Result.try(() => (level.value as Record<Segment, unknown>)[segmentOf(level)])
}

/** Reads the prototype too, since a proxy may throw only then. */
const levelOf = (value: object): Result.Result<Level, unknown> =>
  Result.try(() => {
    Object.getPrototypeOf(value)
    if (Array.isArray(value)) return { value, names: undefined, count: value.length, next: 0 }
    const names = Object.keys(value)
    return { value, names, count: names.length, next: 0 }
  })
