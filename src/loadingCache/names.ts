/**
 * The names under which a cache stores its entries and its generations.
 *
 * Both are in one collection, so that one round trip reads an entry together with the generation of the collection, and so
 * that a router which selects stores by collection never separates them.
 */
import { problemOf, shown } from "../driver/names.ts"
import { InvalidKeyError, type Operation } from "../KeyValueError.ts"

const reserved = "effect-kv:"

/** Changed by `invalidateAll`. */
export const allName = `${reserved}all`

/** Changed by every `invalidateTags`. */
export const epochName = `${reserved}tags`

export const tagName = (tag: string): string => `${reserved}tag:${tag}`

/** A key that begins like the name of a generation gets a prefix, so that a key can never be read as a generation. */
export const entryName = (key: string): string => (key.startsWith(reserved) ? `${reserved}key:${key}` : key)

/** Returns why a key or a tag is not valid, or `undefined`. */
export const invalidKey = (
  operation: Operation,
  collection: string,
  what: "key" | "tag",
  name: unknown
): InvalidKeyError | undefined => {
  const stored = typeof name === "string" ? (what === "key" ? entryName(name) : tagName(name)) : name
  const reason = problemOf(stored, what === "key" ? "key" : "name")
  if (reason === undefined) return undefined
  return new InvalidKeyError({ operation, collection, keys: [shown(name)], reason: reason.replace("name", what) })
}
