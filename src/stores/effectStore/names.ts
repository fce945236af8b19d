/**
 * The mapping between collections and keys, and names in a `KeyValueStore`.
 */
import * as Effect from "effect/Effect"
import type { KeyValueStore, KeyValueStoreError } from "effect/persistence/KeyValueStore"
import { compound } from "../../codecs/names.ts"
import * as slices from "../../concurrency/slices.ts"
import { grouped } from "../../driver/listing/amendedListing.ts"

/** A name in the form of effect-kv. Only the stored text shows whether effect-kv wrote the entry. */
export interface Name {
  readonly name: string
  readonly collection: string
  readonly key: string
}

/** `strict`, so that the first `::` in a name is always the separator. */
const pairs = compound("::", { strict: true })

export const nameOf = (collection: string, key: string): Name => ({
  name: pairs.encode(collection, key),
  collection,
  key
})

/** Returns all selected names that have the form of effect-kv. */
export const list = (
  store: KeyValueStore,
  isSelected: (name: Name) => boolean
): Effect.Effect<ReadonlyArray<Name>, KeyValueStoreError> =>
  Effect.flatMap(store.keys, (all) =>
    slices.flatMap(all, (name) => {
      const pair = pairs.decode(name)
      if (pair === undefined || pairs.encode(...pair) !== name) return []
      const found = { name, collection: pair[0], key: pair[1] }
      return isSelected(found) ? [found] : []
    })
  )

/** Groups names by their collection. */
export const byCollection = (names: ReadonlyArray<Name>): ReadonlyArray<ReadonlyArray<Name>> => {
  const groups = grouped(names)
  return Array.from(groups.names(), groups.in)
}
