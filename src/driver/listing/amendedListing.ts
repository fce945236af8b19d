import * as Effect from "effect/Effect"
import type { CommonError } from "../../KeyValueError.ts"
import { groupBy } from "../../platform/groupBy.ts"
import type * as Call from "../Call.ts"
import * as Calls from "../Calls.ts"
import type { Listing } from "../Driver.ts"
import { amendedNames } from "./amendedNames.ts"

/** A key for which a listing may be wrong. */
export interface Named {
  readonly collection: string
  readonly key: string
}

/** Keys for which a listing may be wrong, by collection. */
export interface Doubts<N extends Named> {
  readonly in: (collection: string) => ReadonlyArray<N>
  /** Returns each collection that has such keys, once. */
  readonly names: () => Iterable<string>
}

/** Groups keys by collection. */
export const grouped = <N extends Named>(names: ReadonlyArray<N>): Doubts<N> => {
  const byCollection = groupBy(names, ({ collection }) => collection)
  return { in: (collection) => byCollection.get(collection) ?? [], names: () => byCollection.keys() }
}

/** Removes the doubtful names from a listing, and adds those that exist according to `existing`. */
export const amendedListing = <N extends Named>(
  listing: Listing,
  inDoubt: () => Doubts<N>,
  existing: (names: ReadonlyArray<N>, call: Call.Keys) => Effect.Effect<ReadonlyArray<string>, CommonError>
): Listing => {
  const namedIn = (doubts: Doubts<N>, { collection, prefix }: Call.Keys) =>
    doubts.in(collection).filter(({ key }) => key.startsWith(prefix))

  const keysWith = (inDoubt: () => Doubts<N>): Listing["keys"] =>
    amendedNames(listing.keys, (call: Call.Keys) => {
      const named = namedIn(inDoubt(), call)
      return { hidden: new Set(named.map(({ key }) => key)), added: existing(named, call) }
    })

  const collections = amendedNames(listing.collections, (call: Call.Collections) => {
    const hidden = new Set<string>()
    for (const name of inDoubt().names()) if (name.startsWith(call.prefix)) hidden.add(name)
    const { keyPrefix: prefix, pageSize } = call
    const first = Calls.partOf(call, Calls.keys(call.place, { prefix, pageSize }))
    const added = Effect.suspend(() => {
      const doubts = inDoubt()
      const keys = keysWith(() => doubts)
      const hasKeys = (collection: string) => {
        const ofCollection = { ...first, collection }
        // Checking the doubtful keys comes first because it is faster than listing the collection.
        return Effect.flatMap(existing(namedIn(doubts, ofCollection), ofCollection), (names) =>
          names.length > 0 ? Effect.succeed(true) : hasAny(keys, ofCollection)
        )
      }
      return Effect.filter([...hidden], hasKeys)
    })
    return { hidden, added }
  })

  return { keys: keysWith(inDoubt), collections }
}

const hasAny = (keys: Listing["keys"], call: Call.Keys): Effect.Effect<boolean, CommonError> =>
  Effect.flatMap(keys(call), ({ names, next }) =>
    names.length > 0 || next === undefined ? Effect.succeed(names.length > 0) : hasAny(keys, { ...call, cursor: next })
  )
