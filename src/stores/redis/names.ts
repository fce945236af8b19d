import { compound, joined } from "../../codecs/names.ts"

/** How collections and keys become names in the database. */
export interface Names {
  readonly encode: (collection: string, key: string) => string
  /** Collection and key of a name that `encode` gives; `undefined` for all others. */
  readonly decode: (name: string) => readonly [collection: string, key: string] | undefined
  /** The prefix of the names of all collections that start with `prefix`. */
  readonly startOfAll: (prefix: string) => string
}

/** Whether collections are escaped, so that no two pairs have the same name, or written as they are. */
export type Style = "escaped" | "py-key-value"

const separator = "::"

const escaped = compound(separator, { strict: true })

const verbatim = joined(separator)

export const make = (prefix: string, style: Style): Names => {
  const names = style === "escaped" ? escaped : verbatim
  const encode = (collection: string, key: string) => prefix + names.encode(collection, key)
  return {
    encode,
    decode: (name) => {
      const pair = name.startsWith(prefix) ? names.decode(name.slice(prefix.length)) : undefined
      return pair !== undefined && encode(...pair) === name ? pair : undefined
    },
    startOfAll: (collectionPrefix) => prefix + names.encodeFirst(collectionPrefix)
  }
}

/** Why names with this prefix could belong to a store with another prefix; `undefined` if they cannot. */
export const problemOf = (prefix: string, style: Style): string | undefined => {
  if (prefix === "") return undefined
  if (style !== "escaped") return `a prefix needs escaped names: leave it out, or names: "${style}"`
  if (!prefix.isWellFormed()) return "the prefix has a lone surrogate, which UTF-8 cannot hold"
  return prefix.endsWith(":") && !prefix.includes(separator)
    ? undefined
    : `the prefix must end with ":" and hold no "::", such as "app:", not ${JSON.stringify(prefix)} ` +
        "(else another prefix could reach its entries)"
}

/** A glob pattern for all names that start with exactly this text. */
export const patternOf = (start: string): string => `${start.replace(/[*?[\]\\]/g, "\\$&")}*`
