/** Names as py-key-value makes them, and which of them our layers do not. */
import type { Stack } from "./vectors.ts"

/**
 * Does a layer of ours refuse or escape a name of this entry on purpose, since with it two different entries could be
 * one? That is a prefix or a collection that is empty, holds the separator behind it or ends with a part of it; in a
 * `SingleCollection` also a collection with a `%`, which is what escapes are made of.
 */
export const isAmbiguous = (stack: Stack, collection: string | null): boolean => {
  let current = collection || undefined
  for (const { wrapper, prefix, single_collection, separator, default_collection } of stack) {
    const named = current ?? text(default_collection, "default_collection")
    if (wrapper === "prefix_keys" && isUnclear(String(prefix), "__")) return true
    if (wrapper === "prefix_collections") {
      if (isUnclear(String(prefix), "__")) return true
      current = `${prefix}__${named}`
    }
    if (wrapper === "single_collection") {
      const behind = text(separator, "__")
      if (single_collection === "" || named.includes("%") || isUnclear(named, behind) || !isPunctuation(behind)) return true
      current = String(single_collection)
    }
  }
  return false
}

const text = (value: unknown, otherwise: string): string => (typeof value === "string" && value !== "" ? value : otherwise)

const isUnclear = (name: string, separator: string): boolean =>
  name === "" || (name + separator).indexOf(separator) !== name.length

/** May a separator of `SingleCollection` begin so? */
const isPunctuation = (separator: string): boolean => /^[!-$&-/:-@[-`{-~]/.test(separator)
