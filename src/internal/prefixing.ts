import * as Effect from "effect/Effect"
import { isUnambiguous } from "../codecs/names.ts"
import { type NameCodec, prefixed } from "../driver/mapNames.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { nameOption } from "./nameOption.ts"
import * as options from "./options.ts"

/** What all wrappers that put a prefix before names can be told. */
export interface PrefixOptions {
  /** What stands between the prefix and the name. Default: `"__"`. */
  readonly separator?: string | undefined
  /**
   * Which prefixes are taken: `"unambiguous"` ones, which cannot reach each other's entries, or any, as
   * `"py-key-value"` takes them, to share what it wrote under one. Default: `"unambiguous"`.
   */
  readonly names?: "unambiguous" | "py-key-value" | undefined
}

/** What a prefix makes, once it is certain that no other prefix can make the same names, or nobody minds. */
export const prefixing = <A>(
  module: string,
  prefix: string,
  { separator = "__", names = "unambiguous" }: PrefixOptions = {},
  make: (names: NameCodec) => A
): Effect.Effect<A, StoreSetupError> =>
  Effect.flatMap(nameOption(module, "the prefix with its separator", prefix + separator), () => {
    const problem = names === "py-key-value" ? undefined : problemOf(prefix, separator)
    return problem === undefined ? Effect.succeed(make(prefixed(prefix + separator))) : options.invalid(module, problem)
  })

const problemOf = (prefix: string, separator: string): string | undefined => {
  if (separator === "") return "the separator must not be empty"
  if (prefix === "") return "the prefix must not be empty"
  if (isUnambiguous(prefix, separator)) return undefined
  const [name, part] = [JSON.stringify(prefix), JSON.stringify(separator)]
  return prefix.includes(separator)
    ? `the prefix ${name} must not hold the separator ${part}: its names could be those of a shorter prefix`
    : `the prefix ${name} must not end with a part of the separator ${part}: its names could be another prefix's`
}
