import * as Effect from "effect/Effect"
import { isUnambiguous } from "../codecs/names.ts"
import { type NameCodec, prefixed } from "../driver/mapNames.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import * as options from "./options.ts"

/** What a prefix makes, once it is certain that no other prefix can make the same names. */
export const prefixing = <A>(
  module: string,
  prefix: string,
  separator = "__",
  make: (names: NameCodec) => A
): Effect.Effect<A, StoreSetupError> => {
  const problem = problemOf(prefix, separator)
  return problem === undefined ? Effect.succeed(make(prefixed(prefix + separator))) : options.invalid(module, problem)
}

const problemOf = (prefix: string, separator: string): string | undefined => {
  if (separator === "") return "the separator must not be empty"
  if (prefix === "") return "the prefix must not be empty"
  if (isUnambiguous(prefix, separator)) return undefined
  const [name, part] = [JSON.stringify(prefix), JSON.stringify(separator)]
  return prefix.includes(separator)
    ? `the prefix ${name} must not hold the separator ${part}: its names could be those of a shorter prefix`
    : `the prefix ${name} must not end with a part of the separator ${part}: its names could be another prefix's`
}
