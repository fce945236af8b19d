/** The description of one option: what is allowed, what it is when left out, how it is read. */
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

/** What an option takes (`In`), and what it is once it was read (`Out`). */
export interface Description<in In, out Out> {
  readonly kind: Kind
  /** What is allowed, in words that follow "must be". */
  readonly allowed: string
  /** The default as it is written, or in words. */
  readonly default: string | undefined
  readonly isRequired: boolean
  /** The options of a group, or of each item of a list. */
  readonly parts: ReadonlyArray<Row>
  /** What it is if it was left out. */
  readonly absent: () => Result.Result<Out, string>
  /** The failure says why the value is not allowed. */
  readonly read: (input: In, name: string) => Result.Result<Out, string>
}

/** A row of a reference table. The parts of a group are named with a dot, as in `"budget.ratio"`. */
export interface Row extends Pick<Description<never, unknown>, "kind" | "allowed" | "default" | "isRequired"> {
  readonly name: string
}

/** A getter, or a method of the value, may throw. */
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

/** A value in a message: short, and nothing of what is inside of an object. */
export const shown = (input: unknown): string => {
  if (typeof input === "string") return JSON.stringify(input.length > 50 ? `${input.slice(0, 50)}…` : input)
  if (Duration.isDuration(input) || ByteSize.isByteSize(input)) return String(input)
  return typeof input === "object" || typeof input === "function" ? typeOf(input) : String(input)
}

/** In the place of a value that may be a secret. */
export const typeOf = (input: unknown): string => {
  if (input === null || input === undefined) return String(input)
  if (Array.isArray(input)) return "an array"
  return typeof input === "object" ? "an object" : `a ${typeof input}`
}

/** `undefined` for an option that has no default. */
export type Absent<D> = D extends undefined ? undefined : never

export interface Defaults<D> {
  /** What it is if it is left out. Without it, the option is `undefined` then. */
  readonly default?: D
  /** What that means, if no value says it. */
  readonly otherwise?: string
}

/** `parse` returns `undefined` for what is not allowed. */
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
  // A number needs no check: it may mean that there is no limit.
  absent: () => Result.succeed((typeof value === "string" ? parse(value) : value) as Out | Absent<D>),
  read: (input, name) => {
    const output = parse(input)
    return output === undefined ? notAllowed(allowed, input, name) : Result.succeed(output)
  }
})

/** An option that must be given. */
export const required = <In, Out>(description: Description<In, Out>): Description<In, Exclude<Out, undefined>> =>
  ({ ...description, isRequired: true }) as Description<In, Exclude<Out, undefined>>
