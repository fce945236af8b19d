/** Descriptions that are made of other descriptions: groups, lists and alternatives. */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { type Defaults, type Description, read, reasonOf, required, shown, typeOf } from "./Description.ts"
import { type Descriptions, type Read, readAll, rowsOf, type Unknown, type Untyped } from "./records.ts"

/** A group of options. If it is left out, all of its options have their defaults. */
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

/** An object of which some fields are described. The other fields are passed on unchanged. */
export const open =
  <O extends object, P>() =>
  <const D extends Descriptions<P>>(descriptions: D & Unknown<P, D>): Description<O, Omit<O, keyof D> & Read<D>> => {
    const described: Description<never, object> = group<P>()<D>(descriptions)
    const read = (input: unknown, name: string) => {
      // The copy makes sure that each accessor is called only once.
      const all = Predicate.isObject(input) ? { ...input } : input
      return Result.map(described.read(all as never, name), (values) => {
        const given = Object.entries(values).filter(([, value]) => value !== undefined)
        return { ...(all as object), ...Object.fromEntries(given) }
      })
    }
    return { ...described, absent: () => read({}, ""), read } as Description<unknown, never>
  }

/** Converts the value that was read. */
export const map = <In, A, B>(description: Description<In, A>, f: (value: A) => B): Description<In, B> => ({
  ...description,
  absent: () => Result.map(description.absent(), f),
  read: (input, name) => Result.map(description.read(input, name), f)
})

/** Makes the option `undefined` if it is left out, even if the description has a default. */
export const optional = <In, Out>(description: Description<In, Out>): Description<In, Out | undefined> => ({
  ...description,
  absent: () => Result.succeed(undefined)
})

/** A list of described items. Default: an empty list. */
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

/** One of two alternatives. `isFirst` decides which description reads the value. */
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

/** One of several literals, or a value of another description. */
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
