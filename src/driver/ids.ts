/** Collection and key as one string that no other pair has. */
export const idOf = (collection: string, key: string): string => `${collection.length}:${collection}${key}`

/** An id as people read it: `"collection" / "key"`. */
export const describeId = (id: string): string => {
  const start = id.indexOf(":") + 1
  const end = start + Number.parseInt(id, 10)
  return `${JSON.stringify(id.slice(start, end))} / ${JSON.stringify(id.slice(end))}`
}

/** The same for each key of a call. */
export const idsOf = ({
  collection,
  keys
}: {
  readonly collection: string
  readonly keys: ReadonlyArray<string>
}): ReadonlyArray<string> => keys.map((key) => idOf(collection, key))
