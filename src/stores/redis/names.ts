import { compound, joined } from "../../codecs/names.ts"

/** The mapping between collections and keys, and names in the database. */
export interface Names {
  readonly encode: (collection: string, key: string) => string
  /** Returns the collection and the key, or `undefined` for a name that `encode` cannot return. */
  readonly decode: (name: string) => readonly [collection: string, key: string] | undefined
  /** Returns the common prefix of all names whose collection starts with `prefix`. */
  readonly startOfAll: (prefix: string) => string
}

/** Whether collections are escaped, so that no two entries share a name, or written unescaped like in py-key-value. */
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

/**
 * Returns why a prefix is not valid, or `undefined`. Names with a valid prefix never belong to a store with another
 * prefix.
 */
export const problemOf = (prefix: string, style: Style): string | undefined => {
  if (prefix === "") return undefined
  if (style !== "escaped") return `a prefix cannot be used with names: "${style}"`
  if (!prefix.isWellFormed()) return "the prefix contains a lone surrogate, which UTF-8 cannot encode"
  return prefix.endsWith(":") && !prefix.includes(separator)
    ? undefined
    : `the prefix must end with ":" and contain no "::", such as "app:", not ${JSON.stringify(prefix)} ` +
        "(otherwise a store with another prefix could reach its entries)"
}

/** Returns a glob pattern for all names that start with this text. */
export const patternOf = (start: string): string => `${start.replace(/[*?[\]\\]/g, "\\$&")}*`
