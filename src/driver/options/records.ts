/** The descriptions of all options of a record, by name. */
import * as Result from "effect/Result"
import { type Description, type Row, read, typeOf } from "./Description.ts"

type KeyOf<O> = O extends unknown ? keyof O : never
type ValueOf<O, K> = O extends unknown ? (K extends keyof O ? Exclude<O[K], undefined> : never) : never

/** A description for each option, which must accept every value that the option's type allows. */
export type Descriptions<O> = { readonly [K in KeyOf<O>]: Description<ValueOf<O, K>, unknown> }

export type Unknown<O, D> = { readonly [K in Exclude<keyof D, KeyOf<O>>]: never }

export type Read<D> = { readonly [K in keyof D]: D[K] extends Description<never, infer Out> ? Out : never }

export type Untyped = Readonly<Record<string, Description<unknown, unknown>>>

export const rowsOf = (descriptions: Untyped, start: string): ReadonlyArray<Row> =>
  Object.entries(descriptions).flatMap(([key, { kind, allowed, default: otherwise, isRequired, parts }]) => {
    const name = start + key
    const own = { name, kind, allowed, default: otherwise, isRequired }
    return [own, ...parts.map((part) => ({ ...part, name: `${name}.${part.name}` }))]
  })

export const readAll = <A>(
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
