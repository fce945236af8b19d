import type * as Call from "./Call.ts"

/** Joins a collection and a key into one string, which is different for every pair. */
export const idOf = (collection: string, key: string): string => `${collection.length}:${collection}${key}`

/** Formats an id for messages: `"collection" / "key"`. */
export const describeId = (id: string): string => {
  const start = id.indexOf(":") + 1
  const end = start + Number.parseInt(id, 10)
  return `${JSON.stringify(id.slice(start, end))} / ${JSON.stringify(id.slice(end))}`
}

/** The ids of all keys of a call. */
export const idsOf = ({ collection, keys }: Pick<Call.Get, "collection" | "keys">): ReadonlyArray<string> =>
  keys.map((key) => idOf(collection, key))
