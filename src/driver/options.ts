/**
 * Options, described once: the description checks them, fills in their defaults, and is the data of a reference table.
 */
import * as ByteSize from "effect/ByteSize"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as secretKeys from "../codecs/secretKey.ts"
import { type KeyValueError, StoreSetupError } from "../KeyValueError.ts"
import { millisOf } from "../time/duration.ts"
import * as names from "./names.ts"

/** A failure of the layer that is being built. */
export const invalid = (module: string, reason: string): Effect.Effect<never, StoreSetupError> =>
  Effect.fail(new StoreSetupError({ module, reason }))

export const check = (module: string, valid: boolean, reason: string): Effect.Effect<void, StoreSetupError> =>
  valid ? Effect.void : invalid(module, reason)

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

/** Options that were described. */
export interface Options<in O, out Out> {
  readonly module: string
  readonly rows: ReadonlyArray<Row>
  /** Reads every option once, what is given beside them first, and fails for the first that is not allowed. */
  readonly read: (config: Partial<O>, given?: Partial<O>) => Effect.Effect<Out, StoreSetupError>
}

type KeyOf<O> = O extends unknown ? keyof O : never
type ValueOf<O, K> = O extends unknown ? (K extends keyof O ? Exclude<O[K], undefined> : never) : never

/** The values of described options. */
export type Values<O> = O extends Options<never, infer Out> ? Out : never

/** A description of every option, each of which takes whatever the type allows. */
export type Descriptions<O> = { readonly [K in KeyOf<O>]: Description<ValueOf<O, K>, unknown> }

type Unknown<O, D> = { readonly [K in Exclude<keyof D, KeyOf<O>>]: never }

export type Read<D> = { readonly [K in keyof D]: D[K] extends Description<never, infer Out> ? Out : never }

/** Describes the options of a module. It does not compile until each option of the type `O` is described. */
export const of =
  <O>() =>
  <const D extends Descriptions<O>>(
    module: string,
    descriptions: D & Unknown<O, D>,
    /** Why options that are allowed do not go together, if so. */
    problemOf: (values: Read<NoInfer<D>>) => string | undefined = () => undefined
  ): Options<O, Read<D>> => ({
    module,
    rows: rowsOf(descriptions as Untyped, ""),
    read: (config, given = {}) =>
      Effect.suspend(() => {
        const values = readAll<Read<D>>(descriptions as Untyped, config, "", given)
        if (Result.isFailure(values)) return invalid(module, values.failure)
        const problem = problemOf(values.success)
        return problem === undefined ? Effect.succeed(values.success) : invalid(module, problem)
      })
  })

type Untyped = Readonly<Record<string, Description<unknown, unknown>>>

const rowsOf = (descriptions: Untyped, start: string): ReadonlyArray<Row> =>
  Object.entries(descriptions).flatMap(([key, { kind, allowed, default: otherwise, isRequired, parts }]) => {
    const name = start + key
    const own = { name, kind, allowed, default: otherwise, isRequired }
    return [own, ...parts.map((part) => ({ ...part, name: `${name}.${part.name}` }))]
  })

const readAll = <A>(
  descriptions: Untyped,
  config: unknown,
  start: string,
  given: object = {}
): Result.Result<A, string> => {
  if (typeof config !== "object" || config === null) {
    return Result.fail(`${start === "" ? "the options" : start} must be an object, not ${typeOf(config)}`)
  }
  const values: Record<string, unknown> = {}
  for (const [key, description] of Object.entries(descriptions)) {
    const name = start === "" ? key : `${start}.${key}`
    const source = (Object.hasOwn(given, key) ? given : config) as Readonly<Record<string, unknown>>
    const value = read(description, () => source[key], name)
    if (Result.isFailure(value)) return Result.fail(value.failure)
    values[key] = value.success
  }
  return Result.succeed(values as A)
}

/** A getter, or a method of the value, may throw. */
const read = (
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

const reasonOf = (allowed: string, input: unknown, name: string) => `${name} must be ${allowed}, not ${shown(input)}`

const notAllowed = (allowed: string, input: unknown, name: string) => Result.fail(reasonOf(allowed, input, name))

/** A value in a message: short, and nothing of what is inside of an object. */
const shown = (input: unknown): string => {
  if (typeof input === "string") return JSON.stringify(input.length > 50 ? `${input.slice(0, 50)}…` : input)
  if (Duration.isDuration(input) || ByteSize.isByteSize(input)) return String(input)
  return typeof input === "object" || typeof input === "function" ? typeOf(input) : String(input)
}

/** In the place of a value that may be a secret. */
const typeOf = (input: unknown): string => {
  if (input === null || input === undefined) return String(input)
  if (Array.isArray(input)) return "an array"
  return typeof input === "object" ? "an object" : `a ${typeof input}`
}

/** `undefined` for an option that has no default. */
type Absent<D> = D extends undefined ? undefined : never

interface Defaults<D> {
  /** What it is if it is left out. Without it, the option is `undefined` then. */
  readonly default?: D
  /** What that means, if no value says it. */
  readonly otherwise?: string
}

/** `parse` returns `undefined` for what is not allowed. */
const describe = <In, Out, D>(
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

interface Range {
  readonly min?: number
  readonly max?: number
}

const inWords = ({ min, max = Number.POSITIVE_INFINITY }: Range): string =>
  [min === undefined ? [] : [`at least ${min}`], Number.isFinite(max) ? [`at most ${max}`] : []].flat().join(" and ")

/** A whole number of at least `min`, and of at most `max`. */
export const integer = <const D extends number | undefined = undefined>(
  spec: Defaults<D> & Range & { readonly min: number }
): Description<number, number | Absent<D>> => {
  const { min, max = Number.POSITIVE_INFINITY } = spec
  return describe("integer", `a whole number of ${inWords(spec)}`, spec, (input) =>
    Number.isSafeInteger(input) && (input as number) >= min && (input as number) <= max ? (input as number) : undefined
  )
}

/** A finite number of at least `min` (or above `above`), and of at most `max` (or below `below`). */
export const number = <const D extends number | undefined = undefined>(
  spec: Defaults<D> & Range & { readonly above?: number; readonly below?: number }
): Description<number, number | Absent<D>> => {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE, above, below } = spec
  const range = [
    above === undefined ? [] : [`above ${above}`],
    spec.min === undefined && spec.max === undefined ? [] : [inWords(spec)],
    below === undefined ? [] : [`below ${below}`]
  ].flat()
  const isAllowed = (input: number) =>
    input >= min && input <= max && (above === undefined || input > above) && (below === undefined || input < below)
  return describe("number", `a number ${above === undefined ? "of " : ""}${range.join(" and ")}`, spec, (input) =>
    typeof input === "number" && isAllowed(input) ? input : undefined
  )
}

/** A duration, in milliseconds: positive and finite, unless the options say that it may be infinite, or zero. */
export const duration = <const D extends Duration.Input | undefined = undefined>(
  spec: Defaults<D> & { readonly infinite?: boolean; readonly zero?: boolean } = {}
): Description<Duration.Input, number | Absent<D>> => {
  const { infinite = false, zero = false } = spec
  const allowed = `a ${zero ? "" : "positive "}${infinite ? "" : "finite "}duration${zero ? " of at least 0" : ""}`
  return describe("duration", allowed, spec, (input) => {
    const millis = millisOf(input)
    return (millis > 0 || (zero && millis === 0)) && (infinite || Number.isFinite(millis)) ? millis : undefined
  })
}

const year = 365 * 86_400_000

/** How long an entry lives, in whole milliseconds. No store can keep a time after the year 9999. */
export const ttl = <const D extends Duration.Input | undefined = undefined>(
  spec: Defaults<D> & { readonly infinite?: boolean } = {}
): Description<Duration.Input, number | Absent<D>> => {
  const allowed = `a duration of at least 1 millisecond and at most 1,000 years${spec.infinite ? ", or infinite" : ""}`
  return describe("duration", allowed, spec, (input) => {
    const millis = millisOf(input)
    if (millis === Number.POSITIVE_INFINITY) return spec.infinite ? millis : undefined
    return millis >= 1 && millis <= 1000 * year ? Math.floor(millis) : undefined
  })
}

/** A size, in bytes. */
export const size = <const D extends ByteSize.Input | undefined = undefined>(
  spec: Defaults<D> & Range = {}
): Description<ByteSize.Input, number | Absent<D>> => {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = spec
  const range = inWords(spec)
  return describe("size", `a size such as "1 KiB"${range && `, of ${range}`}`, spec, (input) => {
    const bytes = Option.flatMap(ByteSize.fromInput(input as ByteSize.Input), ByteSize.toNumber)
    return Option.isSome(bytes) && bytes.value >= min && bytes.value <= max ? bytes.value : undefined
  })
}

/** Text that UTF-8 can hold. */
export const text = <const D extends string | undefined = undefined>(
  spec: Defaults<D> & { readonly isNotEmpty?: boolean } = {}
): Description<string, string | Absent<D>> =>
  describe("text", `${spec.isNotEmpty ? "text that is not empty, " : "text "}without lone surrogates`, spec, (input) =>
    typeof input === "string" && input.isWellFormed() && !(spec.isNotEmpty && input === "") ? input : undefined
  )

/** The name of a collection. */
export const collection = <const D extends string | undefined = undefined>(
  spec: Defaults<D> = {}
): Description<string, string | Absent<D>> =>
  describe("text", `the name of a collection (well-formed, up to ${names.maxNameBytes} bytes)`, spec, (input) =>
    names.problemOf(input, "collection") === undefined ? (input as string) : undefined
  )

export const boolean = <const D extends boolean | undefined = undefined>(
  spec: Defaults<D> = {}
): Description<boolean, boolean | Absent<D>> =>
  describe("boolean", "true or false", spec, (input) => (typeof input === "boolean" ? input : undefined))

/** The permissions of a file or directory, of which the owner has at least `owner`. */
export const mode = <const D extends number | undefined = undefined>(
  owner: number,
  spec: Defaults<D> = {}
): Description<number, number | Absent<D>> => {
  const octal = (value: number) => `0o${value.toString(8)}`
  const described = describe<number, number, D>(
    "integer",
    `permissions from ${octal(owner)} to 0o777 that include ${octal(owner)}`,
    { otherwise: octal(spec.default ?? owner), ...spec },
    (input) => (Number.isInteger(input) && isPermissions(input as number, owner) ? (input as number) : undefined)
  )
  return {
    ...described,
    read: (input, name) =>
      Result.mapError(described.read(input, name), (reason) =>
        Number.isInteger(input) && input >= 0 ? reasonOf(described.allowed, octal(input), name) : reason
      )
  }
}

const isPermissions = (value: number, owner: number): boolean =>
  value >= 0 && value <= 0o777 && (value & owner) === owner

/** A secret key of 32 bytes, which no message shows. */
export const secretKey = (): Description<secretKeys.Input, Uint8Array | undefined> =>
  parsed("32 bytes, as bytes or in base64", (key) =>
    Result.mapError(secretKeys.parse(key), (found) => `must be 32 bytes, as bytes or in base64: ${found}`)
  )

/** One of several texts. */
export const oneOf = <const A extends string, const D extends A | undefined = undefined>(
  all: ReadonlyArray<A>,
  spec: Defaults<D> = {}
): Description<A, A | Absent<D>> =>
  describe("choice", all.map((name) => JSON.stringify(name)).join(" or "), spec, (input) =>
    all.includes(input as A) ? (input as A) : undefined
  )

/** A function, of whatever type. */
export const callback = <F extends (...args: never) => unknown, const D extends F | undefined = undefined>(
  spec: Defaults<D> = {}
): Description<F, F | Absent<D>> =>
  describe("function", "a function", spec, (input) => (typeof input === "function" ? (input as F) : undefined))

/** Which errors something is about. */
export const errors = <F extends (error: KeyValueError, ...more: never) => boolean>(): Description<F, F> =>
  callback<F, F>({
    default: ((error: KeyValueError) => error.retryable) as unknown as F,
    otherwise: "those that are `retryable`"
  }) as Description<F, F>

/** A value of another kind, which no message shows. */
export const value = <A, const D extends A | undefined = undefined>(
  allowed: string,
  isAllowed: (input: unknown) => boolean,
  spec: Defaults<D> = {}
): Description<A, A | Absent<D>> => ({
  ...describe<A, A, D>("value", allowed, spec, (input) => (isAllowed(input) ? (input as A) : undefined)),
  read: (input, name) =>
    isAllowed(input) ? Result.succeed(input) : Result.fail(`${name} must be ${allowed}, not ${typeOf(input)}`)
})

/** A value that has a parser of its own, whose failures follow the name of the option. */
export const parsed = <In, Out>(
  allowed: string,
  parse: (input: In) => Result.Result<Out, string>
): Description<In, Out | undefined> => ({
  ...(value<Out>(allowed, () => true) as Description<never, Out | undefined>),
  read: (input, name) => Result.mapError(parse(input), (reason) => `${name} ${reason}`)
})

/** A layer, of whatever type. */
export const layer = <L>(): Description<L, L | undefined> => value<L>("a layer", Layer.isLayer)

/** An object with a field for each name. */
export const record = <A>(allowed: string): Description<A, A | undefined> => value<A>(allowed, Predicate.isObject)

/** Options within an option. Left out, all of its parts have their defaults. */
export const group =
  <O>() =>
  <const D extends Descriptions<O>>(
    descriptions: D & Unknown<O, D>,
    problemOf: (values: Read<NoInfer<D>>) => string | undefined = () => undefined
  ): Description<O, Read<D>> => {
    const read = (input: unknown, name: string): Result.Result<Read<D>, string> =>
      Result.flatMap(readAll<Read<D>>(descriptions as Untyped, input, name), (values) => {
        const problem = problemOf(values)
        return problem === undefined ? Result.succeed(values) : Result.fail(`${name}.${problem}`)
      })
    return {
      kind: "group",
      allowed: "an object",
      default: undefined,
      isRequired: false,
      parts: rowsOf(descriptions as Untyped, ""),
      absent: () => read({}, ""),
      read
    }
  }

/** An object some of whose fields are described: the others are handed on as they are. */
export const open =
  <O extends object, P>() =>
  <const D extends Descriptions<P>>(descriptions: D & Unknown<P, D>): Description<O, Omit<O, keyof D> & Read<D>> => {
    const described: Description<never, object> = group<P>()<D>(descriptions)
    const read = (input: unknown, name: string) => {
      // Its accessors are called once.
      const all = Predicate.isObject(input) ? { ...input } : input
      return Result.map(described.read(all as never, name), (values) => {
        const given = Object.entries(values).filter(([, value]) => value !== undefined)
        return { ...(all as object), ...Object.fromEntries(given) }
      })
    }
    return { ...described, absent: () => read({}, ""), read } as Description<unknown, never>
  }

/** Another form of what was read. */
export const map = <In, A, B>(description: Description<In, A>, f: (value: A) => B): Description<In, B> => ({
  ...description,
  absent: () => Result.map(description.absent(), f),
  read: (input, name) => Result.map(description.read(input, name), f)
})

/** A description whose option is `undefined` if it was left out, whatever it describes. */
export const optional = <In, Out>(description: Description<In, Out>): Description<In, Out | undefined> => ({
  ...description,
  absent: () => Result.succeed(undefined)
})

/** Several of what a description describes; none by default. */
export const list = <In, Out>(
  item: Description<In, Out>
): Description<ReadonlyArray<In>, ReadonlyArray<Exclude<Out, undefined>>> => ({
  kind: "list",
  allowed: "a list",
  default: "none",
  isRequired: false,
  parts: item.parts,
  absent: () => Result.succeed([]),
  read: (input, name) =>
    Array.isArray(input)
      ? (Result.all(
          Array.from(input, (each, i) =>
            read(required(item) as Description<unknown, unknown>, () => each, `${name}[${i}]`)
          )
        ) as Result.Result<ReadonlyArray<Exclude<Out, undefined>>, string>)
      : Result.fail(`${name} must be a list, not ${typeOf(input)}`)
})

/** What the first description takes, if it looks like that, or else the second. */
export const union = <In1, Out1, In2, Out2>(
  isFirst: (input: unknown) => boolean,
  first: Description<In1, Out1>,
  second: Description<In2, Out2>
): Description<In1 | In2, Out1 | Out2> => ({
  ...second,
  allowed: `${second.allowed}, or ${first.allowed}`,
  parts: [...first.parts, ...second.parts],
  read: (input, name) =>
    isFirst(input)
      ? first.read(input as In1, name)
      : Result.mapError(second.read(input as In2, name), () =>
          reasonOf(`${second.allowed}, or ${first.allowed}`, input, name)
        )
})

/** One of several literals, or what another description takes. */
export const either = <const A extends string | boolean | null, In, Out, const D extends A | undefined = undefined>(
  literals: ReadonlyArray<A>,
  description: Description<In, Out>,
  spec: Defaults<D> = {}
): Description<A | In, A | (D extends undefined ? Out : Exclude<Out, undefined>)> => {
  const allowed = `${literals.map((literal) => JSON.stringify(literal)).join(" or ")} or ${description.allowed}`
  return {
    ...description,
    allowed,
    default: spec.default === undefined ? description.default : shown(spec.default),
    absent: () => (spec.default === undefined ? description.absent() : Result.succeed(spec.default)) as never,
    read: (input, name) =>
      (literals.includes(input as A)
        ? Result.succeed(input)
        : Result.mapError(description.read(input as In, name), (reason) =>
            description.parts.length > 0 && typeof input === "object" ? reason : reasonOf(allowed, input, name)
          )) as never
  }
}
