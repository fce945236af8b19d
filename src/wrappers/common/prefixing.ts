import { isUnambiguous } from "../../codecs/names.ts"
import { type NameCodec, prefixed } from "../../driver/mapNames.ts"
import { problemOf as problemOfName } from "../../driver/names.ts"
import * as options from "../../driver/options.ts"

/** The options of all wrappers that add a prefix to names. */
export interface PrefixOptions {
  /** Text between the prefix and the name. Default: `"__"`. */
  readonly separator?: string | undefined
  /**
   * Which prefixes are accepted. `"unambiguous"` accepts only prefixes that cannot reach each other's entries.
   * `"py-key-value"` accepts any prefix, to share entries that py-key-value wrote. Default: `"unambiguous"`.
   */
  readonly names?: "unambiguous" | "py-key-value" | undefined
}

export const prefixOptions = {
  prefix: options.required(options.text()),
  separator: options.text({ default: "__" }),
  names: options.oneOf(["unambiguous", "py-key-value"], { default: "unambiguous" })
}

type Prefix = options.Read<typeof prefixOptions>

export const namesOf = ({ prefix, separator }: Prefix): NameCodec => prefixed(prefix + separator)

/** Why a prefix is rejected, if it is: with `"unambiguous"`, another prefix could make the same names. */
export const problemOf = ({ prefix, separator, names }: Prefix): string | undefined => {
  const problem = problemOfName(prefix + separator, "prefix")
  if (problem !== undefined || names === "py-key-value") return problem
  if (separator === "") return "the separator must not be empty"
  if (prefix === "") return "the prefix must not be empty"
  if (isUnambiguous(prefix, separator)) return undefined
  const [name, part] = [JSON.stringify(prefix), JSON.stringify(separator)]
  return prefix.includes(separator)
    ? `the prefix ${name} must not contain the separator ${part}: a shorter prefix could make the same names`
    : `the prefix ${name} must not end with a part of the separator ${part}: another prefix could make the same names`
}
