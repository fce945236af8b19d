/** The kinds of options: numbers, durations, sizes, text, functions and so on. */
import * as ByteSize from "effect/ByteSize"
import type * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as secretKeys from "../../codecs/secretKey.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import { millisOf } from "../../time/duration.ts"
import * as names from "../names.ts"
import { longestTtl } from "../ttl.ts"
import { type Absent, type Defaults, type Description, describe, reasonOf, typeOf } from "./Description.ts"

interface Range {
  readonly min?: number
  readonly max?: number
}

const inWords = ({ min, max = Number.POSITIVE_INFINITY }: Range): string =>
  [min === undefined ? [] : [`at least ${min}`], Number.isFinite(max) ? [`at most ${max}`] : []].flat().join(" and ")

/** A whole number from `min` to `max`. */
export const integer = <const D extends number | undefined = undefined>(
  spec: Defaults<D> & Range & { readonly min: number }
): Description<number, number | Absent<D>> => {
  const { min, max = Number.POSITIVE_INFINITY } = spec
  return describe("integer", `a whole number of ${inWords(spec)}`, spec, (input) =>
    Number.isSafeInteger(input) && (input as number) >= min && (input as number) <= max ? (input as number) : undefined
  )
}

/** A finite number that is at least `min` (or above `above`) and at most `max` (or below `below`). */
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

/** A duration, read as milliseconds. It must be positive and finite, unless `infinite` or `zero` is set. */
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

/** A TTL, read as whole milliseconds. It has an upper limit because no store can keep a time after the year 9999. */
export const ttl = <const D extends Duration.Input | undefined = undefined>(
  spec: Defaults<D> & { readonly infinite?: boolean } = {}
): Description<Duration.Input, number | Absent<D>> => {
  const allowed = `a duration of at least 1 millisecond and at most 1,000 years${spec.infinite ? ", or infinite" : ""}`
  return describe("duration", allowed, spec, (input) => {
    const millis = millisOf(input)
    if (millis === Number.POSITIVE_INFINITY) return spec.infinite ? millis : undefined
    return millis >= 1 && millis <= longestTtl ? Math.floor(millis) : undefined
  })
}

/** A size, read as bytes. */
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

/** Text that UTF-8 can encode. */
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

/** The permissions of a file or directory, which must include those of `owner`. */
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

/** A secret key of 32 bytes. No message shows it. */
export const secretKey = (): Description<secretKeys.Input, Uint8Array | undefined> =>
  parsed("32 bytes, as bytes or in base64", (key) =>
    Result.mapError(secretKeys.parse(key), (found) => `must be 32 bytes, as bytes or in base64: ${found}`)
  )

/** One of several strings. */
export const oneOf = <const A extends string, const D extends A | undefined = undefined>(
  all: ReadonlyArray<A>,
  spec: Defaults<D> = {}
): Description<A, A | Absent<D>> =>
  describe("choice", all.map((name) => JSON.stringify(name)).join(" or "), spec, (input) =>
    all.includes(input as A) ? (input as A) : undefined
  )

/** A function of any type. */
export const callback = <F extends (...args: never) => unknown, const D extends F | undefined = undefined>(
  spec: Defaults<D> = {}
): Description<F, F | Absent<D>> =>
  describe("function", "a function", spec, (input) => (typeof input === "function" ? (input as F) : undefined))

/** A predicate that selects errors. Default: errors that are `retryable`. */
export const errors = <F extends (error: KeyValueError, ...more: never) => boolean>(): Description<F, F> =>
  callback<F, F>({
    default: ((error: KeyValueError) => error.retryable) as unknown as F,
    otherwise: "those that are `retryable`"
  }) as Description<F, F>

/** A value of any other kind. No message shows it. */
export const value = <A, const D extends A | undefined = undefined>(
  allowed: string,
  isAllowed: (input: unknown) => boolean,
  spec: Defaults<D> = {}
): Description<A, A | Absent<D>> => ({
  ...describe<A, A, D>("value", allowed, spec, (input) => (isAllowed(input) ? (input as A) : undefined)),
  read: (input, name) =>
    isAllowed(input) ? Result.succeed(input) : Result.fail(`${name} must be ${allowed}, not ${typeOf(input)}`)
})

/** A value with its own parser. A message is the name of the option, followed by the failure of the parser. */
export const parsed = <In, Out>(
  allowed: string,
  parse: (input: In) => Result.Result<Out, string>
): Description<In, Out | undefined> => ({
  ...(value<Out>(allowed, () => true) as Description<never, Out | undefined>),
  read: (input, name) => Result.mapError(parse(input), (reason) => `${name} ${reason}`)
})

/** A layer of any type. */
export const layer = <L>(): Description<L, L | undefined> => value<L>("a layer", Layer.isLayer)

/** An object with a field for each name. */
export const record = <A>(allowed: string): Description<A, A | undefined> => value<A>(allowed, Predicate.isObject)
