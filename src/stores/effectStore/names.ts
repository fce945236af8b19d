/**
 * The mapping between collections and keys, and names in a `KeyValueStore`.
 */
import * as Effect from "effect/Effect"
import type { KeyValueStore, KeyValueStoreError } from "effect/persistence/KeyValueStore"
import { compound } from "../../codecs/names.ts"
import * as slices from "../../concurrency/slices.ts"
import type * as Call from "../../driver/Call.ts"
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

interface Position<A> {
  readonly items: ReadonlyArray<A>
  readonly from: number
}

/** Returns a page of a listing. The first page runs the listing, and the next pages read from its result. */
export const page = <A, E>(cursor: Call.Cursor, size: number, listing: Effect.Effect<ReadonlyArray<A>, E>) => {
  const position = cursor as Position<A> | undefined
  return Effect.map(position === undefined ? listing : Effect.succeed(position.items), (items) => {
    const from = position?.from ?? 0
    const to = from + size
    const next = to < items.length ? ({ items, from: to } satisfies Position<A>) : undefined
    return { items: items.slice(from, to), next }
  })
}

/** Groups names by their collection. */
export const byCollection = (names: ReadonlyArray<Name>): ReadonlyArray<ReadonlyArray<Name>> => {
  const groups = grouped(names)
  return Array.from(groups.names(), groups.in)
}
