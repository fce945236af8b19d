/** Collection and key as one string that no other pair has. */
export const idOf = (collection: string, key: string): string => `${collection.length}:${collection}${key}`

/** The same for each key of a call. */
export const idsOf = ({
  collection,
  keys
}: {
  readonly collection: string
  readonly keys: ReadonlyArray<string>
}): ReadonlyArray<string> => keys.map((key) => idOf(collection, key))
