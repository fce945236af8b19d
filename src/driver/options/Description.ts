/** The description of one option: which values are allowed, what the default is, and how the option is read. */
import * as ByteSize from "effect/ByteSize"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"

export type Kind =
  | "integer"
  | "number"
  | "duration"
  | "size"
  | "text"
  | "boolean"
  | "choice"
  | "function"
  | "value"
  | "list"
  | "group"

/** Describes an option that is given as `In` and read as `Out`. */
export interface Description<in In, out Out> {
  readonly kind: Kind
  /** The allowed values, in words that follow "must be". */
  readonly allowed: string
  /** The default as you would write it, or in words. */
  readonly default: string | undefined
  readonly isRequired: boolean
  /** The options in a group, or in each item of a list. */
  readonly parts: ReadonlyArray<Row>
  /** Returns the value of an option that was left out. */
  readonly absent: () => Result.Result<Out, string>
  /** Reads a value, or fails with the reason why it is not allowed. */
  readonly read: (input: In, name: string) => Result.Result<Out, string>
}

/** A row of a reference table. The name of an option in a group has a dot: `"budget.ratio"`. */
export interface Row extends Pick<Description<never, unknown>, "kind" | "allowed" | "default" | "isRequired"> {
  readonly name: string
}

/** Reads an option, or fails if a getter or a method of the value throws. */
export const read = (
  description: Description<unknown, unknown>,
  get: () => unknown,
  name: string
): Result.Result<unknown, string> =>
  Result.getOrElse(
    Result.try(() => {
      const input = get()
      if (input !== undefined) return description.read(input, name)
      return description.isRequired ? notAllowed(description.allowed, input, name) : description.absent()
    }),
    () => Result.fail(`${name} cannot be read`)
  )

export const reasonOf = (allowed: string, input: unknown, name: string) =>
  `${name} must be ${allowed}, not ${shown(input)}`

export const notAllowed = (allowed: string, input: unknown, name: string) => Result.fail(reasonOf(allowed, input, name))

/** Formats a value for a message: shortened, and without the contents of objects, which may be secret. */
export const shown = (input: unknown): string => {
  if (typeof input === "string") return JSON.stringify(input.length > 50 ? `${input.slice(0, 50)}…` : input)
  if (Duration.isDuration(input) || ByteSize.isByteSize(input)) return String(input)
  return typeof input === "object" || typeof input === "function" ? typeOf(input) : String(input)
}

/** Formats a value that may be secret: only its type is shown. */
export const typeOf = (input: unknown): string => {
  if (input === null || input === undefined) return String(input)
  if (Array.isArray(input)) return "an array"
  return typeof input === "object" ? "an object" : `a ${typeof input}`
}

/** `undefined` for an option that has no default. */
export type Absent<D> = D extends undefined ? undefined : never

export interface Defaults<D> {
  /** The value of an option that is left out. Default: `undefined`. */
  readonly default?: D
  /** The default in words, if the value alone does not explain it. */
  readonly otherwise?: string
}

/** Makes a description. `parse` returns `undefined` for a value that is not allowed. */
export const describe = <In, Out, D>(
  kind: Kind,
  allowed: string,
  { default: value, otherwise }: Defaults<D>,
  parse: (input: unknown) => Out | undefined
): Description<In, Out | Absent<D>> => ({
  kind,
  allowed,
  default: otherwise ?? (value === undefined ? undefined : shown(value)),
  isRequired: false,
  parts: [],
  // A default that is a number is not parsed: it may be outside of the allowed range and mean "no limit".
  absent: () => Result.succeed((typeof value === "string" ? parse(value) : value) as Out | Absent<D>),
  read: (input, name) => {
    const output = parse(input)
    return output === undefined ? notAllowed(allowed, input, name) : Result.succeed(output)
  }
})

/** An option that must be given. */
export const required = <In, Out>(description: Description<In, Out>): Description<In, Exclude<Out, undefined>> =>
  ({ ...description, isRequired: true }) as Description<In, Exclude<Out, undefined>>
